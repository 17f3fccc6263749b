# The scoring service. docs/serving/operations.md describes its operation; compose.yaml runs it with PostgreSQL and MLflow.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/uv.txt requirements/serve.txt requirements/
RUN python -m venv /opt/riskml \
 && /opt/riskml/bin/python -m pip install --no-cache-dir --disable-pip-version-check -r requirements/uv.txt \
 && /opt/riskml/bin/uv pip install --no-cache --compile-bytecode --python /opt/riskml/bin/python -r requirements/serve.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY serving serving
RUN /opt/riskml/bin/uv pip install --no-cache --compile-bytecode --python /opt/riskml/bin/python --no-deps .

FROM python:3.11-slim
# OpenMP for LightGBM; no other system package is needed.
RUN apt-get update \
 && apt-get install --no-install-recommends --yes libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin riskml \
 && install --directory --owner=riskml --group=riskml /data \
 && echo sqlite:////data/riskml.db > /etc/riskml-database-url
COPY --from=build /opt/riskml /opt/riskml
WORKDIR /srv
COPY models models
# The database's address is in a file, because its variable would take precedence over a file that compose.yaml names.
ENV PATH=/opt/riskml/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    RISKML_SERVING_HOST=0.0.0.0 \
    RISKML_SERVING_DATABASE_URL_FILE=/etc/riskml-database-url \
    RISKML_SERVING_MODEL_STORE=/data/models \
    RISKML_SERVING_EXPORT_FOLDER=/data/exports
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["riskml", "serve"]

"""Names of uploaded files, as a program may send them."""

from __future__ import annotations

from tests.serving.conftest import read_token


def test_control_characters_are_removed_from_the_name_of_a_file(desk):
    """PostgreSQL takes no NUL; browsers send no such names."""
    parts = [("csrf", read_token(desk.client.get("/lists").text)), ('files"; filename="a\0\x01b\x7f.csv', "a,b\n1,2\n")]
    body = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in parts)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = desk.client.post("/lists", content=f"{body}--x--\r\n", headers=headers, follow_redirects=False)
    assert answer.status_code == 303
    assert desk.read("SELECT name FROM delivery_files") == [("ab.csv",)]

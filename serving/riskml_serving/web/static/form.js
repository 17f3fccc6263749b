// Keeps what was typed when the connection drops. The form works without this script.
"use strict";
for (const form of document.querySelectorAll("form.keep")) {
  const told = form.querySelector("[data-offline]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    told.hidden = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (answer.redirected) {
        location.assign(answer.url);
        if (answer.url.split("#")[0] === location.href.split("#")[0]) location.reload();
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(page.querySelector("main"));
      scrollTo(0, 0);
    } catch {
      told.hidden = false;
      told.scrollIntoView();
      button.disabled = false;
    }
  });
}

// Keeps what was typed if a lost connection, a gateway error or an expired session prevents it from being saved.
// The forms work without this script.
"use strict";

// An answer to fetch has lost the part of the address that leads to what was done.
const done = document.querySelector(".done");
if (done && !location.hash) done.scrollIntoView({ block: "center" });

const parsed = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

// Fetches the new token after the user has signed in again in another window; what was typed stays in the form.
async function renew(form) {
  const token = (await parsed(await fetch(location.pathname))).querySelector("form[data-done] [name=csrf]");
  if (token) form.elements.csrf.value = token.value;
}

// Returns why the form was not saved ("offline", "expired" or "refused") and the service's words, or null if it was saved.
async function send(form) {
  if (form.dataset.failed) await renew(form);
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const url = new URL(answer.url);
  if (answer.redirected && url.searchParams.get("done") === form.dataset.done) {
    location.assign(answer.url);
    if (answer.url.split("#")[0] === location.href.split("#")[0]) location.reload();
    return null;
  }
  const page = await parsed(answer);
  if ((answer.redirected && url.pathname === "/sign-in") || page.querySelector("[data-signed-out]")) return ["expired", ""];
  const again = !answer.ok && page.querySelector(`form[data-done=${form.dataset.done}]`);
  if (again) {
    form.replaceWith(again);
    again.scrollIntoView();
    return null;
  }
  return ["refused", [...page.querySelectorAll("main > h1, main > h1 + p")].map((part) => part.textContent).join(" ")];
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-done]")) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const words = button.textContent;
  form.querySelectorAll("[data-failed]").forEach((alert) => { alert.hidden = true; });
  button.disabled = true;
  button.textContent = button.dataset.sending;
  const failure = await send(form).catch(() => ["offline", ""]);
  if (failure === null) return;
  const alert = form.querySelector(`[data-failed=${failure[0]}]`);
  form.dataset.failed = "yes";
  form.querySelector("[data-why]").textContent = failure[1];
  alert.hidden = button.disabled = false;
  button.textContent = words;
  alert.scrollIntoView();
});

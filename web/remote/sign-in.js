/** The sign-in page: people paste the whole link, so the key is taken out of it before it is sent. */

const form = /** @type {HTMLFormElement} */ (document.getElementById("door"));
const field = /** @type {HTMLInputElement} */ (document.getElementById("key"));

form.addEventListener("submit", () => {
  const typed = field.value.trim();
  const key = /[?&]key=([^&#\s]+)/.exec(typed);
  field.value = key ? decodeURIComponent(key[1]) : typed;
});
field.focus();

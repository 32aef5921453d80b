/**
 * The button of the printed sheet. Edge: the page.
 */

document.querySelector("#print")?.addEventListener("click", () => print());

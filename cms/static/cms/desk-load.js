/* The next piece of a bulk load; without scripts the button does the same. */
"use strict";
document.querySelectorAll("form[data-go-on]").forEach((form) => {
  window.setTimeout(() => form.requestSubmit(form.querySelector("button")), 300);
});

/* The wizard works without this: dropping files, one submit per click, focus on errors. */
document.addEventListener("DOMContentLoaded", () => {
  for (const zone of document.querySelectorAll("[data-gk-drop]")) {
    const input = zone.querySelector("input[type=file]");
    zone.querySelector("[data-gk-drop-hint]").hidden = false;
    const over = (event, on) => {
      event.preventDefault();
      zone.classList.toggle("is-over", on);
    };
    zone.addEventListener("dragover", (event) => over(event, true));
    zone.addEventListener("dragleave", (event) => over(event, false));
    zone.addEventListener("drop", (event) => {
      over(event, false);
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    const list = zone.querySelector("[data-gk-chosen]");
    if (!list) continue;
    input.addEventListener("change", () => {
      list.replaceChildren(...[...input.files].map((file) => {
        const line = document.createElement("li");
        line.textContent = file.name;
        return line;
      }));
    });
  }
  const modes = document.querySelectorAll("[name=disclosure_mode]");
  const reason = document.querySelector("[data-gk-field=disclosure_reason]");
  if (modes.length && reason) {
    const show = () => {
      const chosen = document.querySelector("[name=disclosure_mode]:checked");
      reason.hidden = !chosen || chosen.value === "proactive";
    };
    modes.forEach((mode) => mode.addEventListener("change", show));
    show();
  }
  for (const form of document.querySelectorAll("[data-gk-form]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "1";
      const busy = event.submitter && event.submitter.dataset.gkBusy;
      if (busy) event.submitter.textContent = busy;
    });
  }
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("[data-gk-form]").forEach((form) => delete form.dataset.sent);
  });
  // Wagtail's editor gives these no name for those who hear the page.
  const text = document.querySelector("[data-gk-name]");
  if (text) {
    const name = () => {
      for (const box of text.querySelectorAll("[role=textbox]:not([aria-label])")) {
        box.setAttribute("aria-label", text.dataset.gkName);
      }
      for (const cell of text.querySelectorAll("td input:not([aria-label]), th input:not([aria-label])")) {
        cell.setAttribute("aria-label", text.dataset.gkCell);
      }
    };
    new MutationObserver(name).observe(text, { childList: true, subtree: true });
    name();
  }
  document.querySelector("[data-gk-errors]")?.focus();
});

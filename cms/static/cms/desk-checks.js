/* The panel of problems in the editor: fresh after each save, and jumps to fields. */
(() => {
  "use strict";

  const candidates = (name) => [
    `#id_${name}`,
    `[data-contentpath="${name}"]`,
    `#id_${name}-ADD`,
    `#id_${name}-TOTAL_FORMS`,
    `[name="${name}"]`,
    `[name^="${name}-"]`,
  ];

  const find = (name) => {
    if (!/^[a-z_]+$/.test(name)) return null;
    for (const selector of candidates(name)) {
      const found = document.querySelector(`[data-edit-form] ${selector}`);
      if (found) return found;
    }
    return null;
  };

  const jump = (name) => {
    const field = find(name);
    if (!field) return false;
    const tab = field.closest('[role="tabpanel"]');
    if (tab && tab.hidden) {
      document.querySelector(`[role="tab"][href="#${CSS.escape(tab.id)}"]`)?.click();
    }
    const panel = field.closest("[data-panel]") || field;
    const toggle = panel.querySelector('[data-panel-toggle][aria-expanded="false"]');
    if (toggle) toggle.click();
    if (window.matchMedia("(max-width: 50rem)").matches) {
      document.querySelector('[data-side-panel-toggle="problems"][aria-expanded="true"]')?.click();
    }
    const inside = "input:not([type=hidden]), textarea, select, [contenteditable=true], button";
    const target = field.matches(inside) ? field : panel.querySelector(inside);
    // After the tab and the panel that was closed have moved the focus themselves.
    window.setTimeout(() => {
      panel.scrollIntoView({ block: "center" });
      target?.focus({ preventScroll: true });
    }, 150);
    return true;
  };

  const count = (number) => {
    const toggle = document.querySelector('[data-side-panel-toggle="problems"]');
    const counter = toggle?.querySelector("[data-side-panel-toggle-counter]");
    if (!counter) return;
    counter.textContent = String(number);
    counter.hidden = !number;
  };

  let asked = 0;
  const refresh = async () => {
    const panel = document.querySelector("[data-gk-checks]");
    const list = panel?.querySelector("[data-gk-check-list]");
    if (!list) return;
    const mine = ++asked;
    try {
      const response = await fetch(`${panel.dataset.gkChecks}?part`, {
        headers: { "X-Requested-With": "XMLHttpRequest" },
      });
      if (!response.ok || mine !== asked) return;
      list.innerHTML = await response.text();
      count(Number(list.querySelector("[data-gk-problems]")?.dataset.gkProblems || 0));
    } catch {
      /* The next save asks again; the link in the panel works meanwhile. */
    }
  };

  let waiting = 0;
  document.addEventListener("w-autosave:success", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(refresh, 400);
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-gk-field]");
    if (link && jump(link.dataset.gkField)) event.preventDefault();
  });

  window.addEventListener("load", () => {
    const name = window.location.hash.replace(/^#id_/, "");
    if (window.location.hash.startsWith("#id_")) window.setTimeout(() => jump(name), 300);
  });
})();

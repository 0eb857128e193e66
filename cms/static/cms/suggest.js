/* Titles to choose from while one types (ARIA combobox with a list below). Without it the
   results page gives the same hints. Says nothing until two characters are there. */
{
  const field = document.querySelector(".seek-box input[type=search]");
  const box = field && field.closest(".seek-box");
  if (box) {
    const list = document.createElement("ul");
    list.id = "suggestions";
    list.className = "suggest";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", field.labels[0] ? field.labels[0].textContent : "");
    box.append(list);
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": list.id,
    })) field.setAttribute(name, value);

    let chosen = -1;
    let asked = 0;
    let timer;

    const show = (open) => {
      list.hidden = !open;
      field.setAttribute("aria-expanded", String(open));
      if (!open) choose(-1);
    };
    const choose = (place) => {
      chosen = place;
      [...list.children].forEach((entry, at) =>
        entry.setAttribute("aria-selected", String(at === place)));
      const entry = list.children[place];
      if (entry) {
        field.setAttribute("aria-activedescendant", entry.id);
        entry.scrollIntoView({ block: "nearest" });
      } else field.removeAttribute("aria-activedescendant");
    };
    const take = (entry) => {
      field.value = entry.textContent;
      show(false);
      field.form.requestSubmit();
    };
    const fill = (found) => {
      list.replaceChildren(...found.map(({ title }, at) => {
        const entry = document.createElement("li");
        entry.id = `suggestion-${at}`;
        entry.setAttribute("role", "option");
        entry.textContent = title;
        entry.addEventListener("pointerdown", (event) => event.preventDefault());
        entry.addEventListener("click", () => take(entry));
        return entry;
      }));
      show(found.length > 0);
    };
    const ask = async () => {
      const typed = field.value.trim();
      const turn = ++asked;
      if (typed.length < 2 || typed.length > 50) return fill([]);
      try {
        const answer = await fetch(`/api/v1/suggest?${new URLSearchParams({ q: typed })}`);
        const found = answer.ok ? (await answer.json()).suggestions : [];
        if (turn === asked && document.activeElement === field) fill(found.slice(0, 8));
      } catch {
        if (turn === asked) fill([]);
      }
    };

    field.addEventListener("input", (event) => {
      clearTimeout(timer);
      if (!event.isComposing) timer = setTimeout(ask, 200);
    });
    field.addEventListener("compositionend", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 200);
    });
    field.addEventListener("blur", () => { asked++; show(false); });
    field.addEventListener("keydown", (event) => {
      if (event.isComposing || list.hidden) return;
      const last = list.children.length - 1;
      if (event.key === "ArrowDown") choose(chosen < last ? chosen + 1 : -1);
      else if (event.key === "ArrowUp") choose(chosen < 0 ? last : chosen - 1);
      else if (event.key === "Escape") show(false);
      else if (event.key === "Enter" && chosen >= 0) take(list.children[chosen]);
      else return;
      event.preventDefault();
    });
  }
}

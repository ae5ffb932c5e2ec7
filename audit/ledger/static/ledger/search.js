// The search line as a combobox (WAI-ARIA APG, "Editable Combobox With List Autocomplete"). Without it the line works as it is.
(() => {
  const field = document.querySelector("input[data-complete]");
  const list = document.getElementById("q-options");
  if (!field || !list) return;
  const address = field.dataset.complete;
  let at = -1, asked = 0, timer = 0;

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");

  const options = () => [...list.querySelectorAll("[role=option]")];
  const open = () => !list.hidden;

  const close = () => {
    clearTimeout(timer);
    asked += 1;
    at = -1;
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };

  const mark = (next) => {
    const all = options();
    if (!all.length) return;
    at = (next + all.length) % all.length;
    all.forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    field.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  };

  const ask = () => {
    const mine = (asked += 1);
    const caret = field.selectionStart ?? field.value.length;
    const values = { q: field.value, at: String(caret) };
    // hx-sync on the field ends a question that the next one overtakes.
    htmx.ajax("GET", address, { source: field, target: list, swap: "innerHTML", values }).then(() => {
      if (mine !== asked || document.activeElement !== field) return;
      at = -1;
      field.removeAttribute("aria-activedescendant");
      list.hidden = options().length === 0;
      field.setAttribute("aria-expanded", String(open()));
      const count = options().length;
      const place = document.getElementById("announce");
      if (place) place.textContent = count ? `${count} completions` : "";
    });
  };

  const soon = () => { clearTimeout(timer); timer = setTimeout(ask, 120); };

  const take = (option) => {
    field.value = option.dataset.text;
    const caret = Number(option.dataset.caret);
    close();
    field.focus();
    field.setSelectionRange(caret, caret);
    if (field.value[caret - 1] === ":") ask();
  };

  field.addEventListener("input", soon);
  field.addEventListener("blur", () => setTimeout(close, 150));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" && !open()) { ask(); event.preventDefault(); return; }
    if (!open()) return;
    if (event.key === "ArrowDown") mark(at + 1);
    else if (event.key === "ArrowUp") mark(at < 0 ? -1 : at - 1);
    else if (event.key === "Escape") close();
    else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) take(options()[at]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
})();

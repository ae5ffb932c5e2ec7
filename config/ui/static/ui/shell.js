// Keys, toasts and job polling for every page. Each thing it does has a way without it.
(() => {
  const main = () => document.getElementById("main");
  const remembered = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* lasts for this page */ } };
  let keysOn = remembered("keys") !== "off";

  // --- keyboard: single keys, off while typing and when switched off ---
  const typing = (target) => target instanceof Element && target.closest("input, textarea, select, [contenteditable]");
  let afterG = 0;

  const rows = () => [...main().querySelectorAll("tbody tr, .rows > li, .timeline > li, .gates > li")]
    .map((row) => ({ row, link: row.querySelector("a[href], button:not([disabled])") }))
    .filter(({ row, link }) => link && row.offsetParent !== null);

  const step = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex(({ row }) => row.contains(document.activeElement));
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
    all[next].link.focus();
    all[next].row.scrollIntoView({ block: "nearest" });
  };

  const search = () => {
    const field = main().querySelector("input[type=search]");
    if (field) { field.focus(); field.select(); return true; }
    const link = document.querySelector("[data-search]");
    if (link) location.href = link.href;
    return Boolean(link);
  };

  document.addEventListener("keydown", (event) => {
    if (!keysOn || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key;
    if (Date.now() - afterG < 1200) {
      afterG = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); location.href = link.href; }
      return;
    }
    if (key === "g") { afterG = Date.now(); return; }
    if (key === "/") { if (search()) event.preventDefault(); return; }
    if (key === "?") { document.getElementById("keys")?.togglePopover?.(); event.preventDefault(); return; }
    if (key === "j") step(1);
    if (key === "k") step(-1);
  });

  const showKeys = () => document.querySelectorAll("[data-keys-toggle]").forEach((button) => {
    button.textContent = keysOn ? "Switch single keys off" : "Switch single keys on";
    button.setAttribute("aria-pressed", String(!keysOn));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-toggle]")) { keysOn = !keysOn; remember("keys", keysOn ? "on" : "off"); showKeys(); }
    const close = event.target.closest("[data-close]");
    if (close) close.closest(".toast")?.remove();
    const dead = event.target.closest("[aria-disabled=true]");
    if (dead) event.preventDefault();
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelectorAll(".toast").forEach((toast) => toast.remove());
  });

  // --- a form is sent once ---
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 5000);
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // --- errors: the summary takes the focus, so that it is read first ---
  const focusErrors = (root) => root.querySelector?.(".error-summary")?.focus();

  // --- polling: [data-poll] is fetched by htmx on our "poll" event, slower and slower, never while hidden ---
  const watched = new WeakSet();
  const firstAsked = new Map(); // by address: each answer is a new element, and the pace must not start again
  const poll = (element) => {
    if (watched.has(element)) return;
    watched.add(element);
    const address = element.getAttribute("hx-get");
    if (!firstAsked.has(address)) firstAsked.set(address, Date.now());
    const since = firstAsked.get(address);
    const wait = () => Math.min(1000 * 1.15 ** ((Date.now() - since) / 2000), 10000);
    const tick = () => {
      if (!element.isConnected || !element.hasAttribute("data-poll")) return;
      if (document.hidden) {
        document.addEventListener("visibilitychange", () => setTimeout(tick, 200), { once: true });
        return;
      }
      element.dispatchEvent(new CustomEvent("poll"));
      setTimeout(tick, wait()); // asks again only if no answer replaced this element
    };
    setTimeout(tick, wait());
  };
  const findPolls = (root) => {
    if (root.matches?.("[data-poll]")) poll(root);
    root.querySelectorAll?.("[data-poll]").forEach(poll);
  };
  const say = (text) => { const place = document.getElementById("announce"); if (place && text) place.textContent = text; };

  document.addEventListener("htmx:load", (event) => {
    const part = event.detail.elt;
    findPolls(part);
    nameCells(part);
    const ended = part.matches?.("[data-ended]") ? part : part.querySelector?.("[data-ended]");
    if (ended && !ended.hasAttribute("data-said") && part !== document.body) {
      ended.setAttribute("data-said", "");
      say(ended.dataset.ended);
      if (ended.dataset.then === "reload") location.reload();
      else if (ended.dataset.then?.startsWith("/")) location.href = ended.dataset.then;
    }
    if (part !== document.body) focusErrors(part);
  });
  document.addEventListener("htmx:responseError", (event) => {
    say(`The page could not be brought up to date (${event.detail.xhr.status}). Load it again to see the latest.`);
  });

  // --- print: what is folded is printed too ---
  addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach((part) => {
    part.open = true; part.dataset.printed = "";
  }));
  addEventListener("afterprint", () => document.querySelectorAll("details[data-printed]").forEach((part) => {
    part.open = false; delete part.dataset.printed;
  }));

  // --- phone: a stacked row of many cells names each of them ---
  const nameCells = (part) => part.querySelectorAll(".stack > table").forEach((table) => {
    const names = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent.trim());
    if (names.length < 5 && (names.length < 3 || table.querySelector(".full"))) return;
    table.parentElement.classList.add("named");
    for (const row of table.querySelectorAll("tbody tr")) {
      if (row.cells.length === names.length) [...row.cells].forEach((cell, at) => { cell.dataset.name = names[at]; });
    }
  });

  const start = () => { nameCells(document); showKeys(); focusErrors(document); findPolls(document); };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();

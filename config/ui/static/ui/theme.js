// Keeps the chosen theme; without a choice the system decides. Runs before first paint, so nothing flashes.
(() => {
  const root = document.documentElement;
  const stored = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
  if (stored === "light" || stored === "dark") root.dataset.theme = stored;
  root.dataset.js = "";
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const announce = () => document.dispatchEvent(new CustomEvent("tollgate:theme", { detail: { dark: isDark() } }));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* the choice lasts for this page */ }
    announce();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", announce);
  addEventListener("storage", (event) => {
    if (event.key !== "theme") return;
    if (event.newValue) root.dataset.theme = event.newValue; else delete root.dataset.theme;
    announce();
  });
})();

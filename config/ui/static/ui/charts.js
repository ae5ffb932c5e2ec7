// Draws the charts of a page when they come near the view. Loads Plotly only then; without it the table says the same.
(() => {
  const self = document.currentScript.dataset;
  // Plotly wants to add a style element for its maps when it loads. We draw no maps and the content policy forbids the
  // element; Plotly leaves it out where one with its id is there already.
  const MAP_STYLE = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";
  const NARROW = 560;
  const CONFIG = { displayModeBar: false, showSendToCloud: false, displaylogo: false, showTips: false, responsive: true };
  const isDark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };

  const loaded = (element, place) => new Promise((resolve, reject) => {
    element.addEventListener("load", resolve, { once: true });
    element.addEventListener("error", () => reject(new Error(`${element.src || element.href} did not load`)), { once: true });
    place.append(element);
  });
  let readyOnce = null;
  const ready = () => readyOnce ??= (async () => {
    if (!document.getElementById(MAP_STYLE)) {
      const mark = document.createElement("meta");
      mark.id = MAP_STYLE;
      document.head.append(mark);
    }
    // With this id and class Plotly takes the file for its own global rules and makes no style element.
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: self.style, id: "plotly.js-style-global", className: "no-inline-styles" });
    const script = Object.assign(document.createElement("script"), { src: self.plotly });
    const [templates] = await Promise.all([fetch(self.template).then((answer) => answer.json()), loaded(style, document.head), loaded(script, document.head)]);
    return templates;
  })();

  const merged = (under, over) => {
    const result = { ...under };
    for (const [name, value] of Object.entries(over ?? {})) {
      const both = [value, result[name]].every((part) => part && typeof part === "object" && !Array.isArray(part));
      result[name] = both ? merged(result[name], value) : value;
    }
    return result;
  };

  const drawn = new Set();
  const draw = async (plot) => {
    let templates;
    try { templates = await ready(); } catch (error) {
      plot.textContent = "The chart could not be drawn. Its figures stand in the table below.";
      return console.error(error);
    }
    if (!plot.isConnected) return;
    const figure = JSON.parse(document.getElementById(plot.dataset.figure).textContent);
    const narrow = plot.clientWidth < NARROW;
    let layout = { ...figure.layout, template: templates[isDark() ? "dark" : "light"] };
    if (narrow) {
      layout = merged(layout, figure.layout.meta?.narrow);
      // No room at the right: a line's name stands above its end instead.
      layout.annotations = (layout.annotations ?? []).filter((label) => label.name !== "total-wide").map((label) => label.name === "end"
        ? { ...label, xanchor: "right", yanchor: "bottom", xshift: 4, yshift: (label.yshift ?? 0) + 6 } : label);
    }
    plot.dataset.narrow = narrow;
    if (!drawn.has(plot)) plot.replaceChildren();
    drawn.add(plot);
    await window.Plotly.react(plot, figure.data, layout, CONFIG);
    plot.dataset.drawn = isDark() ? "dark" : "light";
  };

  const near = new IntersectionObserver((entries) => entries.forEach(({ isIntersecting, target }) => {
    if (!isIntersecting) return;
    near.unobserve(target);
    draw(target);
  }), { rootMargin: "400px" });
  const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    if (drawn.has(target) && String(target.clientWidth < NARROW) !== target.dataset.narrow) draw(target);
  }));
  const find = (root) => root.querySelectorAll?.(".plot[data-figure]:not([data-drawn])").forEach((plot) => { near.observe(plot); sizes.observe(plot); });

  const redraw = () => drawn.forEach((plot) => plot.isConnected ? draw(plot) : drawn.delete(plot));
  document.addEventListener("tollgate:theme", redraw);
  document.addEventListener("htmx:load", (event) => find(event.detail.elt));
  // On paper each chart is needed, near or not; it can only be drawn in time when Plotly is here already.
  addEventListener("beforeprint", () => { if (window.Plotly) document.querySelectorAll(".plot[data-figure]:not([data-drawn])").forEach(draw); });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => find(document)); else find(document);
})();

// The drawn graph opens where its start stands, and a mouse drags it; without this it scrolls all the same.
"use strict";
for (const box of document.querySelectorAll("[data-graph]")) {
  const start = box.querySelector("[aria-current]").getBoundingClientRect();
  const own = box.getBoundingClientRect();
  box.scrollLeft += start.left + start.width / 2 - own.left - own.width / 2;
  box.scrollTop += start.top + start.height / 2 - own.top - own.height / 2;
  box.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("a")) return;
    event.preventDefault();
    const from = { x: event.clientX + box.scrollLeft, y: event.clientY + box.scrollTop };
    const move = (moved) => box.scrollTo({ left: from.x - moved.clientX, top: from.y - moved.clientY, behavior: "instant" });
    const end = () => box.removeEventListener("pointermove", move);
    box.setPointerCapture(event.pointerId);
    box.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) box.addEventListener(name, end, { once: true });
  });
}

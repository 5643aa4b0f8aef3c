"use strict";
// Convenience only: filter long lists, and open every fold before printing. The page reads the same without it.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
document.querySelectorAll("[data-filter]").forEach((list) => {
  const items = list.querySelectorAll("[data-item]");
  if (items.length < 15) return;
  const box = document.createElement("input");
  box.type = "search";
  box.placeholder = "Filter " + items.length + " " + list.dataset.filter;
  box.setAttribute("aria-label", box.placeholder);
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    if (wanted) list.querySelectorAll("details[data-fold]").forEach((fold) => { fold.open = true; });
    items.forEach((item) => { item.hidden = !item.textContent.toLowerCase().includes(wanted); });
  });
  list.prepend(box);
});

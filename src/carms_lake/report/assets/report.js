"use strict";
// Filters, links into folded parts, and what is late by now. All text and tables are there without.
(() => {
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const controls = all("[data-filters]");
  const chosen = new Map(); // list -> the tables that a click in a graph has left

  const texts = new WeakMap(); // what an item is searched by, folded once
  function textOf(item) {
    if (!texts.has(item)) texts.set(item, item.dataset.find || plain(item.textContent));
    return texts.get(item);
  }

  function apply(id) {
    const list = document.getElementById(id);
    const own = controls.filter((control) => control.dataset.filters === id);
    const words = own.filter((c) => c.type === "search").flatMap((c) => plain(c.value).split(/\s+/));
    const picked = own.filter((c) => c.dataset.by && c.value);
    const only = chosen.get(id);
    let shown = 0;
    const items = all("[data-find]", list);
    for (const item of items) {
      const fits =
        words.every((word) => textOf(item).includes(word)) &&
        picked.every((c) => (item.dataset[c.dataset.by] || "").split("|").includes(c.value)) &&
        (!only || only.has(item.dataset.table));
      item.hidden = !fits;
      shown += fits;
    }
    for (const output of all(`output[data-count="${id}"]`)) {
      output.textContent = output.dataset.words.replace("{shown}", shown).replace("{all}", items.length);
    }
  }
  for (const control of controls) {
    control.addEventListener("input", () => apply(control.dataset.filters));
    control.closest(".finder").hidden = false;
  }

  // A drawing of one of several states: its parts take class and text from the one that is chosen.
  for (const drawing of all("[data-states]")) {
    const states = JSON.parse(document.getElementById(drawing.dataset.states).textContent);
    const selects = all(`[data-chooses="${drawing.id}"]`);
    const show = () => {
      const state = states[selects.map((select) => select.value).join("|")] || {};
      for (const part of all("[data-part]", drawing)) {
        const [kind, said] = state[part.dataset.part] || ["", ""];
        if (part.tagName === "text") part.textContent = said;
        else part.setAttribute("class", kind);
      }
    };
    for (const select of selects) {
      select.addEventListener("input", show);
      select.closest(".finder").hidden = false;
    }
  }

  // A click on a table in the lineage leaves what it is made of and what is made of it.
  function reached(edges, begin, from, to) {
    const found = new Set([begin]);
    for (const one of found) {
      for (const edge of edges) if (edge.dataset[from] === one) found.add(edge.dataset[to]);
    }
    return found;
  }
  for (const graph of all(".graph")) {
    const edges = all("[data-from]", graph);
    graph.addEventListener("click", (event) => {
      const box = event.target.closest("[data-table]");
      const name = box && graph.dataset.of !== box.dataset.table ? box.dataset.table : "";
      if (event.ctrlKey || event.metaKey || event.shiftKey || !graph.matches(".lineage")) return;
      event.preventDefault();
      graph.dataset.of = name;
      const up = name && reached(edges, name, "to", "from");
      const down = name && reached(edges, name, "from", "to");
      const kept = name && new Set([...up, ...down]);
      for (const one of all("[data-table]", graph)) {
        one.classList.toggle("off", !!name && !kept.has(one.dataset.table));
        one.classList.toggle("on", one.dataset.table === name);
      }
      for (const edge of edges) {
        const { from, to } = edge.dataset;
        const fits = (up && up.has(from) && up.has(to)) || (down && down.has(from) && down.has(to));
        edge.classList.toggle("off", !!name && !fits);
      }
      chosen.set("catalogue-tables", kept || null);
      apply("catalogue-tables");
      const entry = name && document.getElementById(`t-${name}`);
      if (entry) entry.open = true;
    });
  }

  function open() {
    let at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!at) return;
    if (at.hidden) { // a filter hides it
      for (const control of controls) control.value = "";
      chosen.clear();
      for (const id of new Set(controls.map((c) => c.dataset.filters))) apply(id);
    }
    for (let one = at; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    at.scrollIntoView();
  }
  addEventListener("hashchange", open);
  if (location.hash) open();

  for (const due of all("[data-due]")) {
    if (Date.parse(due.dataset.due) < Date.now()) due.querySelector("[hidden]").hidden = false;
  }
})();

// The page is whole without this script; it only adds the filter. It reads attributes of the page and nothing else.
"use strict";
(() => {
  const form = document.getElementById("filter");
  const hosts = [...document.querySelectorAll(".host")].map((element) => ({
    element,
    results: [...element.querySelectorAll("[data-status]")],
    groups: [...element.querySelectorAll(".group")],
  }));

  const apply = () => {
    const text = form.elements.text.value.trim().toLowerCase();
    const severity = Number(form.elements.severity.value);
    const wanted = new Set([...form.querySelectorAll("[name=status]:checked")].map((box) => box.value));
    // A host where all passed has nothing to hide one by one: it is there until something is left out.
    const whole = severity === 4 && !form.querySelector("[name=status]:not(:checked)");
    let results = 0;
    let shownHosts = 0;
    for (const host of hosts) {
      let shown = 0;
      const named = host.element.dataset.host.includes(text);
      for (const result of host.results) {
        const found = named || result.dataset.rule.includes(text);
        result.hidden = !(found && wanted.has(result.dataset.status) && Number(result.dataset.severity) <= severity);
        shown += !result.hidden;
      }
      for (const group of host.groups) group.hidden = !group.querySelector("li:not([hidden])");
      host.element.hidden = !(shown || (named && whole));
      if (!host.element.hidden) {
        results += shown;
        shownHosts += 1;
      }
    }
    form.elements.shown.textContent = `${results} result${results === 1 ? "" : "s"} on ${shownHosts} host${shownHosts === 1 ? "" : "s"}`;
  };

  const setOpen = (open) => {
    for (const host of hosts) {
      if (host.element.hidden) continue;
      for (const details of host.element.querySelectorAll("details:not([hidden])")) details.open = open;
    }
  };

  // A link to a rule opens it.
  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.elements.open.addEventListener("click", () => setOpen(true));
  form.elements.close.addEventListener("click", () => setOpen(false));
  window.addEventListener("hashchange", openTarget);
  form.hidden = hosts.length === 0;
  apply();
  openTarget();
})();

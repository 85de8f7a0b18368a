// Lists the hosts from the page's index as somebody types, and unpacks the part of a host when it is asked for.
// Names are only ever text; the parts were escaped when the page was made, and its policy runs no script but this one.
"use strict";
(() => {
  const STEP = 100;
  const index = JSON.parse(document.getElementById("index").textContent);
  const blocks = document.getElementById("parts").textContent.trim().split("\n");
  const form = document.getElementById("find");
  const rows = document.getElementById("rows");
  const more = document.getElementById("more");
  const shown = document.getElementById("hosts");
  let wanted = index.hosts;

  const cell = (number, kind) => {
    const element = document.createElement("td");
    element.className = `number ${number ? kind : "none"}`;
    element.textContent = number ? number.toLocaleString("en") : "·";
    return element;
  };

  const row = ([number, name, worst, counts]) => {
    const head = document.createElement("th");
    head.scope = "row";
    const link = document.createElement("a");
    link.href = worst ? `#host-${number}` : "#not-audited";
    link.textContent = name;
    head.append(link);
    const line = document.createElement("tr");
    line.append(head);
    if (worst) line.append(...counts.map((count, place) => cell(count, index.kinds[place])));
    else {
      const stopped = document.createElement("td");
      stopped.className = "number stopped";
      stopped.colSpan = index.kinds.length;
      stopped.textContent = "not audited";
      line.append(stopped);
    }
    return line;
  };

  const showMore = () => {
    const from = rows.childElementCount;
    rows.append(...wanted.slice(from, from + STEP).map(row));
    more.hidden = rows.childElementCount >= wanted.length;
  };

  const apply = () => {
    const text = form.elements.text.value.trim().toLowerCase();
    const severity = Number(form.elements.severity.value);
    const found = index.rules.map((rule) => rule.includes(text));
    wanted = index.hosts.filter(
      ([, name, worst, , failed]) =>
        worst <= severity && (name.toLowerCase().includes(text) || failed.some((number) => found[number])),
    );
    rows.replaceChildren();
    showMore();
    form.elements.shown.textContent = `${wanted.length.toLocaleString("en")} of ${index.hosts.length.toLocaleString("en")} hosts`;
  };

  const unpack = async (block) => {
    const bytes = Uint8Array.from(atob(block), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return (await new Response(stream).text()).split("\x1e");
  };

  // The host that the address names comes above those that were looked at before.
  const open = async () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = document.getElementById(id);
    if (target instanceof HTMLDetailsElement) target.open = true;
    const match = /^host-(\d+)$/.exec(id);
    if (!match) return;
    if (!target) {
      const number = Number(match[1]);
      const block = blocks[Math.floor(number / index.block)];
      if (block === undefined) return;
      const part = document.createElement("template");
      part.innerHTML = (await unpack(block))[number % index.block];
      shown.prepend(part.content);
    }
    document.getElementById(id)?.scrollIntoView();
  };

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", showMore);
  window.addEventListener("hashchange", open);
  document.getElementById("first-rows").hidden = true;
  form.hidden = false;
  apply();
  open();
})();

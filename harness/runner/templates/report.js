(() => {
  "use strict";
  const form = document.getElementById("filters");
  const cases = [...document.querySelectorAll(".case")];
  const groups = [...document.querySelectorAll(".group")];
  const shown = document.getElementById("shown");
  const chosen = () => new Set([...form.elements.mark].filter((box) => box.checked).map((box) => box.value));
  const apply = () => {
    const marks = chosen();
    const text = form.elements.text.value.trim().toLowerCase();
    const { value: kind } = form.elements.kind;
    const { value: group } = form.elements.group;
    const run = form.elements.run ? form.elements.run.value : "";
    let count = 0;
    for (const one of cases) {
      const { mark, kind: its, group: of, run: by, text: words } = one.dataset;
      const fits = marks.has(mark) && (!kind || its === kind) && (!group || of === group)
        && (!run || by === run) && (!text || words.toLowerCase().includes(text));
      one.hidden = !fits;
      count += fits;
    }
    for (const one of groups) {
      one.hidden = !one.querySelector(".case:not([hidden])");
    }
    shown.textContent = `${count} of ${cases.length} shown`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  document.getElementById("open").addEventListener("click", () => {
    const visible = cases.filter((one) => !one.hidden);
    const open = visible.some((one) => !one.open);
    visible.forEach((one) => { one.open = open; });
  });
  for (const cell of document.querySelectorAll(".cell")) {
    cell.addEventListener("click", () => {
      form.elements.group.value = cell.dataset.group;
      form.elements.kind.value = cell.dataset.kind;
      if (form.elements.run) form.elements.run.value = cell.dataset.run;
      form.elements.text.value = "";
      for (const box of form.elements.mark) box.checked = true;
      apply();
      form.scrollIntoView();
    });
  }
  apply();
})();

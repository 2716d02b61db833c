'use strict';
const form = document.querySelector('[data-filters]');
const rows = [...document.querySelectorAll('[data-verdict]')];
const order = ['info', 'low', 'medium', 'high', 'critical'];
function apply() {
  const text = form.elements.text.value.trim().toLowerCase();
  const least = order.indexOf(form.elements.severity.value);
  const verdicts = new Set([...form.querySelectorAll('[name=verdict]:checked')].map((box) => box.value));
  let shown = 0;
  for (const row of rows) {
    const wanted = verdicts.has(row.dataset.verdict) && order.indexOf(row.dataset.severity) >= least
      && (row.dataset.text || row.title).toLowerCase().includes(text);
    row.hidden = !wanted;
    if (wanted && row.classList.contains('check')) shown += 1;
  }
  for (const group of document.querySelectorAll('[data-group]')) {
    group.hidden = !group.querySelector('[data-verdict]:not([hidden])');
  }
  const all = rows.filter((row) => row.classList.contains('check')).length;
  form.elements.shown.value = shown === all ? all + ' checks' : shown + ' of ' + all + ' checks';
}
if (form) {
  form.hidden = false;
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  apply();
}

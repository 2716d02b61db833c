'use strict';
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const form = document.querySelector('[data-filters]');
const rows = all('[data-verdict]');
const order = ['info', 'low', 'medium', 'high', 'critical'];
const boxes = form ? all('[name=verdict]', form) : [];
const words = (row) => (row.title + ' ' + row.textContent).toLowerCase();

// what the filters say goes into the address, so that it can be sent to somebody
function remember(state) {
  const query = new URLSearchParams(state).toString();
  try {
    history.replaceState(null, '', location.pathname + (query ? '?' + query : '') + location.hash);
  } catch { /* a page in a sandbox has no address of its own */ }
}
function recall() {
  const state = new URLSearchParams(location.search);
  form.elements.text.value = state.get('text') || '';
  if (order.includes(state.get('severity'))) form.elements.severity.value = state.get('severity');
  if (state.has('verdict')) boxes.forEach((box) => { box.checked = state.get('verdict').split(',').includes(box.value); });
}
function apply() {
  const text = form.elements.text.value.trim().toLowerCase();
  const severity = form.elements.severity.value;
  const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
  const state = {};
  if (text) state.text = text;
  if (severity !== 'info') state.severity = severity;
  if (chosen.length !== boxes.length) state.verdict = chosen.join(',');
  let shown = 0;
  for (const row of rows) {
    const wanted = chosen.includes(row.dataset.verdict) && order.indexOf(row.dataset.severity) >= order.indexOf(severity)
      && (!text || words(row).includes(text));
    row.hidden = !wanted;
    if (wanted && row.tagName === 'LI') shown += 1;
  }
  const filters = Object.keys(state).length > 0;
  for (const group of all('[data-group]')) {
    group.hidden = !group.querySelector('[data-verdict]:not([hidden])');
    const topic = group.querySelector('.topic');
    if (filters || topic.dataset.opened) topic.open = filters && !!topic.querySelector('[data-verdict]:not([hidden])');
    topic.dataset.opened = filters ? 'yes' : '';
  }
  const checks = rows.filter((row) => row.tagName === 'LI').length;
  form.elements.shown.value = shown === checks ? checks + ' checks' : shown + ' of ' + checks + ' checks';
  return state;
}
if (form) {
  form.hidden = false;
  recall();
  form.addEventListener('input', () => remember(apply()));
  form.addEventListener('submit', (event) => event.preventDefault());
  apply();
}

// a link into a folded topic opens it
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
  target.scrollIntoView();
}
addEventListener('hashchange', reveal);
if (location.hash) reveal();

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
for (const part of all('.copyable')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    const code = part.querySelector('code');
    getSelection().selectAllChildren(code);
    button.textContent = await copy(code.textContent) || document.execCommand('copy') ? 'Copied' : 'Selected';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  part.append(button);
}

// values under the pointer, in a line below the chart
for (const figure of all('figure')) {
  const line = figure.querySelector('.at');
  if (!line) continue;
  figure.addEventListener('pointerover', (event) => {
    const spot = event.target.closest('.spot');
    line.textContent = spot ? spot.querySelector('title').textContent : '';
  });
}

// what is folded is printed, where a reader opened it; findings are printed whole
addEventListener('beforeprint', () => all('.finding details').forEach((part) => { part.open = true; }));

const keys = document.querySelector('[data-keys]');
if (keys) {
  keys.hidden = false;
  addEventListener('keydown', (event) => {
    const writes = event.target.closest('input:not([type=checkbox]), select, textarea');
    if (!keys.querySelector('input').checked || writes || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/' && form) {
      event.preventDefault();
      form.elements.text.focus();
    } else if (event.key === 'j' || event.key === 'k') {
      const cards = all('.finding:not([hidden])');
      const at = cards.indexOf(document.activeElement.closest('.finding'));
      const next = cards[event.key === 'j' ? at + 1 : Math.max(at - 1, 0)];
      if (next) { next.focus(); next.scrollIntoView(); }
    } else if (event.key === 'o') {
      const topics = all('.topic:not([data-empty])');
      const open = topics.some((topic) => !topic.open);
      topics.forEach((topic) => { topic.open = open; });
    }
  });
}

// Runs in the page under test and tells the frame around it what it saw, for the test to read.
'use strict';
const violations = [];
document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));
const errors = [];
addEventListener('error', (event) => errors.push(String(event.message)));

function channels(colour) {
  const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
  return [r, g, b, a];
}
function over(top, below) {
  const mix = (index) => top[index] * top[3] + below[index] * (1 - top[3]);
  return [mix(0), mix(1), mix(2), 1];
}
function luminance(colour) {
  const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part(colour[0]) + 0.7152 * part(colour[1]) + 0.0722 * part(colour[2]);
}
// WCAG 2.2, 1.4.3: what is behind a text, all layers put together
function behind(element) {
  const layers = [];
  for (let at = element; at; at = at.parentElement) layers.push(channels(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
}
function contrast(element) {
  const style = getComputedStyle(element);
  const below = behind(element);
  const ink = over(channels(element.closest('svg') ? style.fill : style.color), below);
  const [light, dark] = [luminance(ink), luminance(below)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}
function poorTexts() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ['SCRIPT', 'STYLE', 'TITLE', 'DESC', 'OPTION'].includes(element.tagName.toUpperCase())) continue;
    if (!element.checkVisibility()) continue;
    texts += 1;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = contrast(element);
    if (ratio < (large ? 3 : 4.5)) poor.push(ratio.toFixed(2) + ' ' + element.className + ' ' + walker.currentNode.data.trim().slice(0, 40));
  }
  return { texts, poor };
}

function filter(change) {
  const form = document.querySelector('[data-filters]');
  if (!form) return null;
  change(form);
  form.dispatchEvent(new Event('input', { bubbles: true }));
  const shown = (selector) => document.querySelectorAll(selector + ':not([hidden])').length;
  const seen = { checks: shown('.checks > li'), findings: shown('.finding'), marks: shown('.mark'), told: form.elements.shown.value };
  form.reset();
  form.dispatchEvent(new Event('input', { bubbles: true }));
  return seen;
}
const only = (...verdicts) => (form) => form.querySelectorAll('[name=verdict]').forEach((box) => { box.checked = verdicts.includes(box.value); });

// What a screen reader needs, as far as a program can tell.
function unreadable() {
  const wrong = [];
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  ids.forEach((id, at) => { if (ids.indexOf(id) !== at) wrong.push('id twice: ' + id); });
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    if (!document.getElementById(link.hash.slice(1))) wrong.push('leads nowhere: ' + link.hash);
  }
  for (const chart of document.querySelectorAll('svg:not([aria-hidden])')) {
    const names = (chart.getAttribute('aria-labelledby') || '').split(' ').map((id) => document.getElementById(id));
    if (chart.getAttribute('role') !== 'img' || names.length < 2 || !names.every((name) => name && name.textContent.trim())) {
      wrong.push('chart without title and description: ' + chart.outerHTML.slice(0, 80));
    }
    if (!chart.closest('figure').querySelector('table')) wrong.push('chart without its data');
  }
  for (const field of document.querySelectorAll('input, select')) {
    if (!field.labels.length || !field.labels[0].textContent.trim()) wrong.push('field without label: ' + field.name);
  }
  for (const area of document.querySelectorAll('[tabindex="0"]')) {
    if (!area.getAttribute('aria-label') && !area.getAttribute('aria-labelledby')) wrong.push('area without name: ' + area.className);
  }
  let level = 0;
  for (const heading of document.querySelectorAll('h1, h2, h3, h4, h5')) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) wrong.push('heading skips a level: ' + heading.textContent.slice(0, 40));
    level = next;
  }
  for (const landmark of ['header', 'nav', 'main', 'footer']) {
    if (document.querySelectorAll('body ' + landmark).length !== 1) wrong.push('landmark: ' + landmark);
  }
  return wrong;
}

// What the address says of the filters.
function remembered() {
  const form = document.querySelector('[data-filters]');
  if (!form) return null;
  form.elements.severity.value = 'critical';
  form.dispatchEvent(new Event('input', { bubbles: true }));
  const query = location.search;
  form.reset();
  form.dispatchEvent(new Event('input', { bubbles: true }));
  return query;
}
// Whether every chart with values shows them to a pointer.
function pointed() {
  const charts = [...document.querySelectorAll('figure')].filter((figure) => figure.querySelector('.spot'));
  return charts.length > 0 && charts.every((figure) => {
    figure.querySelector('.spot').dispatchEvent(new Event('pointerover', { bubbles: true }));
    return figure.querySelector('.at').textContent.length > 5;
  });
}

addEventListener('load', () => {
  document.querySelectorAll('details').forEach((part) => { part.open = true; });
  const seen = {
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
    width: innerWidth,
    overflow: document.documentElement.scrollWidth - innerWidth,
    contrast: poorTexts(),
    unreadable: unreadable(),
    all: filter(() => {}),
    failed: filter(only('fail')),
    text: filter((form) => { form.elements.text.value = 'ALG-none'; }),
    critical: filter((form) => { form.elements.severity.value = 'critical'; }),
    nothing: filter((form) => { form.elements.text.value = 'no such check'; }),
    query: remembered(),
    commands: document.querySelectorAll('.command').length,
    copies: document.querySelectorAll('.copyable button').length,
    value: pointed(),
    requests: performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => !name.startsWith('data:')),
    violations,
    errors,
  };
  const faint = document.createElement('p');
  faint.textContent = 'faint';
  faint.style.cssText = 'color:#999;background:#aaa';
  document.body.append(faint);
  seen.faint = poorTexts().poor.length;
  parent.postMessage(btoa(unescape(encodeURIComponent(JSON.stringify(seen)))), '*');
});

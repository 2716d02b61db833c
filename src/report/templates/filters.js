for (const box of document.querySelectorAll('[data-filter]')) {
  box.hidden = false;
  const rows = () => document.querySelectorAll('[data-verdict]');
  box.addEventListener('input', () => {
    const verdict = box.querySelector('select').value;
    const text = box.querySelector('input').value.toLowerCase();
    for (const row of rows()) {
      const wanted = (!verdict || row.dataset.verdict === verdict) && row.dataset.text.toLowerCase().includes(text);
      row.hidden = !wanted;
    }
  });
}

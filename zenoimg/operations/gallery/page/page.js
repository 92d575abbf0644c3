// Event handling: the address holds the state, and everything else follows from it.

let state = readState();

/** Go to another state; opening an image is a step that Back undoes, all else is not. */
function go(changes, { step = false } = {}) {
  const address = addressOf({ ...state, ...changes });
  if (step) location.hash = address;
  else location.replace(address);
}

function follow() {
  const before = state;
  state = readState();
  showFilters(state);
  const same = ['q', 'status', 'note', 'sort'].every((name) => before[name] === state[name]);
  if (!same || !follow.drawn) showGrid(selected(state));
  follow.drawn = true;
  if (state.image === null) closeViewer();
  else if (current?.id !== state.image) openViewer(byId.get(state.image));
  document.title = state.image === null ? title : `${printable(state.image)} – ${title}`;
}

function step(by) {
  const next = tiles[tiles.indexOf(current) + by];
  if (next) go({ image: next.id });
}

const title = document.title;
$('stack').textContent = album.stack;
$('about').textContent = `${album.where.replace(/^on the e/, 'E').replace(/^in /, '')} · ${when(album.madeAt)}`
  + (album.total > album.images.length && !album.selects
    ? ` · the newest ${numbers.format(album.images.length)} of about ${numbers.format(album.total)}` : '');
$('privacy').textContent = !album.images.length ? ''
  : album.originals ? 'This folder contains unmarked originals. No picture here contains a location or other metadata.'
  : 'This folder contains only marked copies. No picture here contains a location or other metadata.';
drawFilters();

$('filters').addEventListener('submit', (event) => event.preventDefault());
$('query').addEventListener('input', () => go({ q: $('query').value }));
$('statuses').addEventListener('change', (event) => go({ status: event.target.value }));
$('warning').addEventListener('change', () => go({ note: $('warning').value }));
$('sort').addEventListener('change', () => go({ sort: $('sort').value }));
$('clear').addEventListener('click', () => { go({ q: '', status: '', note: '' }); $('query').focus(); });

$('previous').addEventListener('click', () => step(-1));
$('next').addEventListener('click', () => step(1));
$('close').addEventListener('click', () => go({ image: null }));
viewer.addEventListener('cancel', (event) => { event.preventDefault(); go({ image: null }); });
viewer.addEventListener('click', (event) => { if (event.target === viewer) go({ image: null }); });
$('modes').addEventListener('change', (event) => setMode(event.target.value));
$('zoom').addEventListener('click', () => setZoom(!zoomed));
$('split').addEventListener('input', showSplit);
canvas.addEventListener('dblclick', (event) => {
  const box = canvas.getBoundingClientRect();
  setZoom(!zoomed, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
});

/** In full size a drag on the picture moves it; on the divider it moves the divider. */
stage.addEventListener('pointerdown', (event) => {
  if (!zoomed || event.button !== 0 || event.target === $('split') || event.pointerType === 'touch') return;
  const start = { x: event.clientX + stage.scrollLeft, y: event.clientY + stage.scrollTop };
  const move = (next) => {
    stage.scrollLeft = start.x - next.clientX;
    stage.scrollTop = start.y - next.clientY;
  };
  stage.setPointerCapture(event.pointerId);
  stage.addEventListener('pointermove', move);
  stage.addEventListener('lostpointercapture', () => stage.removeEventListener('pointermove', move), { once: true });
});

const THEMES = ['auto', 'light', 'dark'];
let theme = 'auto';
try { theme = localStorage.getItem('zenoimg-theme') ?? 'auto'; } catch { /* a browser that keeps nothing for files */ }

function showTheme() {
  document.documentElement.dataset.theme = theme;
  $('theme-word').textContent = { light: 'Light', dark: 'Dark' }[theme] ?? 'Auto';
  $('theme').setAttribute('aria-label', `Colours: ${theme}`);
}

$('theme').addEventListener('click', () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  try { localStorage.setItem('zenoimg-theme', theme); } catch { /* then it holds until the page is closed */ }
  showTheme();
});

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const field = event.target.closest?.('input[type=search], select');
  const own = event.target.closest?.('input[type=range], input[type=radio]');
  if (current !== null) {
    const scrolls = zoomed && event.target === stage;
    if (event.key === 'ArrowLeft' && !own && !scrolls) step(-1);
    else if (event.key === 'ArrowRight' && !own && !scrolls) step(1);
    else if (event.key === 'b' || event.key === 'B') setMode(canvas.dataset.mode === 'before' ? 'after' : 'before');
    else if (event.key === 'z' || event.key === 'Z') setZoom(!zoomed);
    else if (event.key === 'c' || event.key === 'C') setMode('compare');
    else return;
  } else if (event.key === '/' && !field) $('query').focus();
  else if (event.key === 'Escape' && event.target === $('query')) go({ q: '' });
  else if (event.target.matches?.('.tile') && /^(Arrow|Home$|End$)/.test(event.key)) moveFocus(event.target, event.key);
  else return;
  event.preventDefault();
});

window.addEventListener('hashchange', follow);
showTheme();
follow();

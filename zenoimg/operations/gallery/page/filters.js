// Which images are shown, and in which order; kept in the address, so that reload, Back and bookmarks work.

const ANY_NOTE = '*';
const STATUSES = ['processed', 'refused', 'failed'];
const album = JSON.parse($('data').textContent);
album.images.forEach((image, index) => {
  image.index = index;
  image.folded = image.id.normalize('NFC').toLowerCase();
});
const byId = new Map(album.images.map((image) => [image.id, image]));

const ORDERS = {
  newest: (a, b) => a.index - b.index,
  oldest: (a, b) => b.index - a.index,
  largest: (a, b) => (b.originalSize ?? 0) - (a.originalSize ?? 0) || a.index - b.index,
  id: (a, b) => (a.id < b.id ? -1 : 1),
};

/** The state as the address has it; what it has not, or not rightly, is the default. */
function readState() {
  const given = new URLSearchParams(location.hash.slice(1));
  const state = { q: given.get('q') ?? '', status: '', note: given.get('note') ?? '', sort: 'newest', image: null };
  if (STATUSES.includes(given.get('status'))) state.status = given.get('status');
  if (Object.hasOwn(ORDERS, given.get('sort') ?? '')) state.sort = given.get('sort');
  if (byId.has(given.get('image'))) state.image = given.get('image');
  return state;
}

/** The address of a state: only what differs from the default. */
function addressOf(state) {
  const given = new URLSearchParams();
  for (const name of ['q', 'status', 'note']) if (state[name]) given.set(name, state[name]);
  if (state.sort !== 'newest') given.set('sort', state.sort);
  if (state.image !== null) given.set('image', state.image);
  return '#' + given;
}

function selected(state) {
  const words = state.q.normalize('NFC').toLowerCase().split(/\s+/).filter(Boolean);
  return album.images
    .filter((image) => !state.status || image.status === state.status)
    .filter((image) => !state.note || hasNote(image, state.note))
    .filter((image) => words.every((word) => image.folded.includes(word)))
    .sort(ORDERS[state.sort]);
}

function hasNote(image, note) {
  const notes = image.warnings ?? [];
  return note === ANY_NOTE ? notes.length > 0 : notes.includes(note);
}

/** Each note with the number of images that have it, the most frequent first. */
function noteCounts() {
  const counts = new Map();
  for (const image of album.images) {
    for (const note of new Set(image.warnings)) counts.set(note, (counts.get(note) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function drawFilters() {
  const counted = (status) => album.images.filter((image) => !status || image.status === status).length;
  for (const status of ['', ...STATUSES]) {
    const count = counted(status);
    if (status && !count) continue;
    const radio = element('input', { type: 'radio', name: 'status', value: status });
    const mark = status ? element('i', { className: 'dot ' + status }) : null;
    const face = element('span', {}, mark, capital(status || 'all'), element('b', {}, numbers.format(count)));
    $('statuses').append(element('label', {}, radio, face));
  }
  const notes = noteCounts();
  const noted = album.images.filter((image) => image.warnings).length;
  $('warning-choice').hidden = !notes.length;
  const cut = (text) => (text.length > 70 ? text.slice(0, 69) + '…' : text);
  $('warning').append(
    element('option', { value: '' }, 'any or none'),
    element('option', { value: ANY_NOTE }, `any note (${numbers.format(noted)})`),
    ...notes.map(([note, count]) =>
      element('option', { value: note }, `${cut(printable(note))} (${numbers.format(count)})`)),
  );
  $('filters').hidden = !album.images.length;
}

function showFilters(state) {
  if ($('query').value !== state.q) $('query').value = state.q;
  for (const radio of document.getElementsByName('status')) radio.checked = radio.value === state.status;
  $('warning').value = state.note;
  $('sort').value = state.sort;
}

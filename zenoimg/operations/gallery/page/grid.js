// The grid: tiles are created, and their pictures loaded, as they scroll near; pictures are decoded asynchronously.
// (Measured by benchmarks/gallery_page.py: with content-visibility, clipped tiles and pictures that fade in, a frame took
// several times as long.)

const TILES_AT_A_TIME = 120;
const TILES_AHEAD = 5000;
const whenIdle = window.requestIdleCallback ?? ((run) => setTimeout(run, 30));
const grid = $('grid');
let tiles = [];
let made = 0;

/** Show these images: the first ones at once, some thousands while nothing else happens, the rest as it comes near. */
function showGrid(images) {
  tiles = images;
  made = 0;
  grid.replaceChildren();
  addTiles();
  whenIdle(() => addAhead(images));
  showCount();
  $('nothing').hidden = images.length > 0;
  if (!images.length) showNothing();
}

function addTiles(upTo = made + TILES_AT_A_TIME) {
  if (made >= tiles.length) return;
  const end = Math.min(Math.max(upTo, made + TILES_AT_A_TIME), tiles.length);
  grid.append(...tiles.slice(made, end).map(tileOf));
  made = end;
  watcher.disconnect();
  if (made < tiles.length) watcher.observe(grid.lastElementChild);
}

function addAhead(images) {
  if (tiles !== images || made >= Math.min(tiles.length, TILES_AHEAD)) return;
  addTiles();
  whenIdle(() => addAhead(images));
}

const watcher = new IntersectionObserver(
  (seen) => { if (seen.some((entry) => entry.isIntersecting)) addTiles(); },
  { rootMargin: '2000px' },
);

function tileOf(image) {
  const link = element('a', { className: 'tile', href: addressOf({ ...state, image: image.id }) },
    frameOf(image), captionOf(image));
  link.dataset.id = image.id;
  const ratio = image.width && image.small ? image.width / image.height : 1.25;
  const item = element('li', {}, link);
  item.style.setProperty('--ratio', Math.min(Math.max(ratio, 0.7), 3.2).toFixed(4));
  return item;
}

function frameOf(image) {
  const frame = element('span', { className: 'frame' });
  if (image.small) {
    const picture = element('img', { src: image.small, alt: '', loading: 'lazy', decoding: 'async', draggable: false });
    picture.addEventListener('load', () => picture.classList.add('there'), { once: true });
    frame.append(picture);
  }
  if (image.status !== 'processed' || image.problem) {
    const { code, text } = reasonOf(image);
    const kind = image.status === 'refused' ? 'refused' : 'failed';
    frame.classList.add(kind, ...(image.small ? ['over'] : []));
    frame.append(element('span', { className: 'why' },
      element('span', { className: 'why-word' }, icon(kind), image.problem ? 'No picture' : capital(image.status)),
      element('span', { className: 'why-text' }, printable(text || code))));
  }
  if (image.frames > 1) frame.append(element('span', { className: 'badge' }, plural(image.frames, image.format === 'TIFF' ? 'page' : 'frame')));
  return frame;
}

function unmarkedBy(image) {
  return !image.unmarked ? '' : image.tooSmall ? 'unmarked, too small for the mark' : 'unmarked by rule';
}

function captionOf(image) {
  const name = image.id.slice(image.id.lastIndexOf('/', image.id.length - 2) + 1);
  const folder = image.id.slice(0, image.id.length - name.length);
  const facts = [image.format, image.width ? `${image.width} × ${image.height}` : '',
    image.originalSize != null ? size(image.originalSize) : '', unmarkedBy(image)].filter(Boolean).join(' · ');
  const notes = image.warnings
    ? element('span', { className: 'noted' }, icon('note'),
        element('span', { className: 'unseen' }, ', ' + plural(image.warnings.length, 'note')))
    : null;
  return element('span', { className: 'caption' },
    element('bdi', { className: 'name', title: printable(image.id) },
      folder ? element('span', { className: 'folder' }, printable(folder)) : null, printable(name)),
    element('span', { className: 'facts' }, element('span', {}, printable(facts)), notes));
}

function showCount() {
  const all = album.images.length;
  const shown = tiles.length === all ? plural(all, 'image') : `${numbers.format(tiles.length)} of ${plural(all, 'image')}`;
  $('count').textContent = all ? shown : '';
}

function showNothing() {
  const empty = !album.images.length;
  $('clear').hidden = empty;
  $('nothing-title').textContent = empty ? (album.selects ? 'No matching images' : 'No images yet') : 'Nothing matches';
  $('nothing-text').textContent = !empty ? 'No image on this page matches the search and filters.'
    : !album.selects ? 'Upload the first with “zenoimg upload photo.jpg”, then create this page again.'
    : `This page was created for images ${[album.prefix && `whose id starts with “${printable(album.prefix)}”`,
      album.since && `since ${when(album.since)}`, album.until && `before ${when(album.until)}`,
      album.status && `with status ${album.status}`, album.format && `in format ${album.format}`]
      .filter(Boolean).join(', ') || 'selected by id'}.`;
}

/** Arrow keys go to the neighbour; up and down to the nearest tile of the next row. */
function moveFocus(from, key) {
  const items = grid.children;
  let index = [...items].indexOf(from.closest('li'));
  if (key === 'End' || index + 40 > made) addTiles(key === 'End' ? tiles.length : made + TILES_AT_A_TIME);
  const box = from.getBoundingClientRect();
  const middle = box.left + box.width / 2;
  const step = key === 'ArrowLeft' || key === 'ArrowUp' ? -1 : 1;
  if (key === 'Home') index = 0;
  else if (key === 'End') index = items.length - 1;
  else if (key === 'ArrowLeft' || key === 'ArrowRight') index += step;
  else index = inNextRow(items, index, step, box.top, middle);
  const link = items[index]?.firstElementChild;
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: 'nearest' });
  return Boolean(link);
}

function inNextRow(items, index, step, top, middle) {
  let best = -1;
  let row = null;
  let distance = Infinity;
  for (let at = index + step; at >= 0 && at < items.length; at += step) {
    const box = items[at].getBoundingClientRect();
    if (Math.abs(box.top - top) < 4) continue;
    row ??= box.top;
    if (Math.abs(box.top - row) > 4) break;
    const away = Math.abs(box.left + box.width / 2 - middle);
    if (away < distance) [best, distance] = [at, away];
  }
  return best;
}

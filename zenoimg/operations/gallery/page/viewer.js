// One image before and after: with a draggable divider or one at a time, fitted or at full size.

const viewer = $('viewer');
const stage = $('stage');
const canvas = $('canvas');
let mode = 'compare';
let zoomed = false;
let current = null;

function openViewer(image) {
  const first = current === null;
  current = image;
  const at = tiles.indexOf(image);
  $('viewer-id').textContent = printable(image.id);
  $('viewer-place').textContent = at < 0 ? '' : `${numbers.format(at + 1)} of ${numbers.format(tiles.length)}`;
  $('previous').disabled = at <= 0;
  $('next').disabled = at < 0 || at >= tiles.length - 1;
  showPictures(image);
  showDetails(image);
  if (first) {
    viewer.showModal();
    $('viewer-id').focus();
  }
  setZoom(false);
  for (const near of [tiles[at + 1], tiles[at - 1]]) {
    for (const path of near ? [near.after, near.before] : []) if (path) new Image().src = path;
  }
}

function closeViewer() {
  if (current === null) return;
  const id = current.id;
  current = null;
  viewer.close();
  for (const picture of [$('before'), $('after')]) picture.removeAttribute('src');
  const index = tiles.findIndex((image) => image.id === id);
  if (index >= made) addTiles(index + 1);
  const link = grid.children[index]?.firstElementChild;
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: 'nearest' });
}

function showPictures(image) {
  const any = image.after ?? image.before;
  canvas.hidden = $('tools').hidden = !any;
  $('no-picture').hidden = Boolean(any);
  if (!any) {
    const kind = image.status === 'refused' ? 'refused' : 'failed';
    $('no-picture').replaceChildren(icon(kind), image.problem ? 'There is no picture to show.' : 'There is no copy.');
  }
  canvas.style.backgroundImage = image.small ? `url("${image.small}")` : '';
  canvas.classList.add('loading');
  setSize(image.width ?? 0, image.height ?? 0);
  for (const [picture, path, words] of [[$('before'), image.before, 'before'], [$('after'), image.after, 'after']]) {
    picture.hidden = !path;
    picture.alt = `${printable(image.id)}, ${words} the watermark`;
    if (path) picture.src = path;
    else picture.removeAttribute('src');
  }
  $('modes').hidden = !(image.before && image.after);
  $('split').value = 50;
  showMode();
  Promise.allSettled([$('before'), $('after')].filter((each) => !each.hidden).map((each) => each.decode())).then(() => {
    if (current !== image) return;
    const drawn = image.after ? $('after') : $('before');
    setSize(drawn.naturalWidth, drawn.naturalHeight);
    canvas.classList.remove('loading');
    canvas.style.backgroundImage = '';
  });
}

function setSize(width, height) {
  if (!width || !height) return;
  canvas.style.setProperty('--width', width);
  canvas.style.setProperty('--height', height);
  // Tiny pictures are shown larger, pixel by pixel.
  canvas.style.setProperty('--most', Math.max(width, 320 * Math.min(1, width / height)));
  canvas.style.setProperty('--device', window.devicePixelRatio || 1);
  canvas.classList.toggle('tiny', width < 320 && height < 320);
}

function showMode() {
  const both = Boolean(current.before && current.after);
  const shown = both ? mode : current.after ? 'after' : 'before';
  canvas.dataset.mode = shown;
  $('split').hidden = shown !== 'compare';
  $('split').disabled = shown !== 'compare';
  $('tag-before').hidden = shown === 'after';
  $('tag-after').hidden = shown === 'before';
  // Hide from screen readers what is not visible.
  $('before').ariaHidden = String(shown === 'after');
  $('after').ariaHidden = String(shown === 'before');
  for (const radio of document.getElementsByName('mode')) radio.checked = radio.value === mode;
  showSplit();
}

function showSplit() {
  const value = Number($('split').value);
  canvas.style.setProperty('--split', value + '%');
  $('split').setAttribute('aria-valuetext', `${Math.round(value)}% before, ${Math.round(100 - value)}% after`);
}

function setMode(wanted) {
  mode = wanted;
  showMode();
}

/** Full size is one pixel of the picture for one of the screen, around a point of the picture (0 to 1). */
function setZoom(wanted, x = 0.5, y = 0.5) {
  zoomed = wanted && !canvas.hidden;
  stage.classList.toggle('zoomed', zoomed);
  stage.tabIndex = zoomed ? 0 : -1;
  $('zoom').setAttribute('aria-pressed', String(zoomed));
  if (!zoomed) return;
  stage.scrollLeft = x * canvas.offsetWidth - stage.clientWidth / 2;
  stage.scrollTop = y * canvas.offsetHeight - stage.clientHeight / 2;
}

function showDetails(image) {
  const { code, text } = reasonOf(image);
  const kind = image.status === 'refused' ? 'refused' : 'failed';
  const title = image.problem ? 'No picture' : capital(image.status);
  $('reason').replaceChildren(...(image.status !== 'processed' || image.problem
    ? [element('div', { className: 'reason ' + kind },
        element('p', { className: 'reason-title' }, icon(kind), title + (code ? `: ${printable(code)}` : '')),
        element('p', {}, printable(text)),
        ...(image.again ? [element('p', {}, 'To process it again: ', element('code', {}, image.again))] : []))]
    : []));
  $('facts').replaceChildren(...factsOf(image).flatMap(([name, value]) =>
    [element('dt', {}, name), element('dd', {}, value)]));
  $('notes').replaceChildren(...(image.warnings
    ? [element('h3', {}, 'Notes'), element('ul', {}, ...image.warnings.map((note) => element('li', {}, printable(note))))]
    : []));
  const links = [[image.before, 'Open before'], [image.after, 'Open after']].filter(([path]) => path);
  $('links').replaceChildren(...links.map(([path, word]) =>
    element('a', { className: 'button', href: path, target: '_blank', rel: 'noopener' }, word)));
}

function factsOf(image) {
  const facts = [['Status', element('span', { className: 'status' }, element('i', { className: 'dot ' + image.status }), image.status)]];
  if (image.unmarked) facts.push(['Mark', 'none: ' + unmarkedBy(image)]);
  if (image.format) facts.push(['Format', printable(image.format)]);
  if (image.width) facts.push(['Pixels', `${image.width} × ${image.height}`]);
  if (image.frames > 1) facts.push([image.format === 'TIFF' ? 'Pages' : 'Frames', numbers.format(image.frames)]);
  if (image.format === 'TIFF') facts.push(['Shown by', 'a preview' + (image.frames > 1 ? ' of the first page' : '')]);
  if (image.originalSize != null) facts.push(['Original', size(image.originalSize)]);
  if (image.copySize != null) {
    const grown = image.originalSize ? ` (${change(image.originalSize, image.copySize)})` : '';
    facts.push(['Copy', size(image.copySize) + grown]);
  }
  if (image.created) facts.push(['Uploaded', element('time', { dateTime: image.created }, when(image.created))]);
  if (image.updated && image.updated !== image.created) facts.push(['Updated', element('time', { dateTime: image.updated }, when(image.updated))]);
  if (image.durationMs != null) facts.push(['Took', `${numbers.format(image.durationMs)} ms`]);
  if (image.recipe) {
    facts.push(['Recipe', printable(image.recipe) + (image.older ? ' (an older one)' : '')]);
  }
  if (image.version) facts.push(['Version', printable(image.version)]);
  return facts;
}

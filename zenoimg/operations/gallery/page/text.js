// Human-readable texts. Ids, reasons and notes are untrusted: they only ever become text nodes.

// Up to here the page was laid out without its content; show it only now, so that nothing visibly shifts.
document.documentElement.classList.add('ready');

const $ = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat('en');
const dates = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** Control and invisible characters as escapes, so that two ids that differ look different. */
function printable(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (found) => '\\u{' + found.codePointAt(0).toString(16) + '}');
}

/** Bytes in decimal units, three figures: 3.42 MB. */
function size(bytes) {
  let value = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 999.5 || unit === 'GB') {
      const digits = unit === 'B' || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
      return value.toFixed(digits) + ' ' + unit;
    }
    value /= 1000;
  }
  return '';
}

function change(before, after) {
  const share = (after - before) / before;
  return (share < 0 ? '−' : '+') + Math.abs(share * 100).toFixed(1) + '%';
}

const plural = (count, noun) => numbers.format(count) + ' ' + noun + (count === 1 ? '' : 's');
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const when = (text) => dates.format(new Date(text));

/** The words before the first colon of a reason are its code. */
function reasonOf(image) {
  const text = image.error || image.problem || '';
  const at = text.indexOf(': ');
  return at > 0 && at < 24 ? { code: text.slice(0, at), text: text.slice(at + 2) } : { code: '', text };
}

/** An element with properties, attributes and children; strings become text nodes. */
function element(name, settings = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(settings)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const drawn = document.createElementNS(space, 'svg');
  const use = document.createElementNS(space, 'use');
  use.setAttribute('href', '#icon-' + name);
  drawn.setAttribute('aria-hidden', 'true');
  drawn.append(use);
  return drawn;
}

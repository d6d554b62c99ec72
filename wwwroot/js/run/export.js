// A panel as a file.
import { colour } from '../charts.js';

/** Every point of these metrics, as far as it is looked at. */
export const csvAddress = (run, metrics, zoom) => {
  const query = new URLSearchParams({ format: 'csv', metrics: metrics.join(',') });
  if (zoom) {
    query.set('from', zoom.from);
    query.set('to', zoom.to);
  }
  return `/api/v1/runs/${run}/series?${query}`;
};

const ratio = 2;
const head = 36;

/** The chart under its title, at twice its size on the screen. */
export const savePicture = ({ chart, definition: { title, curves } }, name) => {
  const drawn = chart.getRenderedCanvas({ pixelRatio: ratio, backgroundColor: colour('--surface') });
  const picture = document.createElement('canvas');
  [picture.width, picture.height] = [drawn.width, drawn.height + head * ratio];
  const pen = picture.getContext('2d');
  pen.fillStyle = colour('--surface');
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.drawImage(drawn, 0, head * ratio);
  pen.scale(ratio, ratio);
  pen.textBaseline = 'middle';
  const family = getComputedStyle(document.body).fontFamily;
  pen.font = `600 14px ${family}`;
  pen.fillStyle = colour('--text');
  pen.fillText(title, 16, head / 2);
  if (curves.length > 1) {
    pen.font = `12px ${family}`;
    let right = picture.width / ratio - 16;
    curves.map(([, word], i) => [word, colour(`--curve-${i + 1}`)]).reverse().forEach(([word, tint]) => {
      right -= pen.measureText(word).width;
      pen.fillStyle = colour('--quiet');
      pen.fillText(word, right, head / 2);
      pen.fillStyle = tint;
      pen.fillRect(right - 20, head / 2 - 1, 14, 2);
      right -= 36;
    });
  }

  const link = document.createElement('a');
  link.href = picture.toDataURL('image/png');
  link.download = name;
  link.click();
};

// What every chart of the product shares: the library, colours of the theme, smoothing, axes and tooltips.
import { tickDecimals, tickLabels } from './tick-labels.js';

const library = '/_content/Vizor.ECharts/js/vizor-echarts-bundle-min.js';
let loading;

/** Loads ECharts once, when the first chart is drawn. */
export const loadLibrary = () => loading ??= new Promise((resolve, reject) => {
  if (globalThis.echarts) { resolve(); return; }
  const script = document.createElement('script');
  script.src = library;
  script.onload = resolve;
  script.onerror = () => { loading = undefined; reject(new Error('The chart library could not be loaded.')); };
  document.head.append(script);
});

/**
 * A chart in an element. Nothing is animated: by itself the library looks for something to draw in ten frames after each drawing, and in each of them the browser goes through the whole
 * page.
 */
export const chartIn = (place) => {
  const chart = echarts.init(place, null, { renderer: 'canvas' });
  chart.getZr().setSleepAfterStill(1);
  return chart;
};

/** A colour of the theme that is on now. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * Weighted towards the newest points; corrected for the start, where there is nothing to average with. The weight is that of a point as far back as points are apart on a screen, so that a
 * stretch with more points is not smoothed less. What stands behind x and y in a row stays.
 */
export const smooth = (rows, weight) => {
  const apart = (rows.at(-1)?.[0] - rows[0]?.[0]) / Math.min(rows.length, mostApart) || 1;
  let [sum, norm, last] = [0, 0, rows[0]?.[0] - apart];
  return rows.map(([x, y, ...rest]) => {
    if (y === null) return [x, y, ...rest];
    const kept = weight ** ((x - last) / apart);
    [sum, norm, last] = [sum * kept + y * (1 - kept), norm * kept + (1 - kept), x];
    return [x, sum / norm, ...rest];
  });
};

/** As many points as a curve can show beside each other. */
const mostApart = 600;

/** Four significant digits, as Figures.Loss writes them. */
export const significant = (value) => {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  return magnitude < -4 || magnitude > 5 ? value.toExponential(3).replace('+', '') : value.toFixed(Math.max(0, 3 - magnitude));
};
export const percent = (value) => `${(value * 100).toFixed(2)} %`;

/** A little room around the values, but never beyond what a fraction can be. */
const fractionRange = {
  min: ({ min, max }) => Math.max(0, Math.floor((min - room(min, max)) / mark(min, max)) * mark(min, max)),
  max: ({ min, max }) => Math.min(1, Math.ceil((max + room(min, max)) / mark(min, max)) * mark(min, max)),
};
/** The distance of the axis's marks, so that its ends are marks too. */
const mark = (min, max) => fractionMarks.find((step) => step * 4 >= max - min) ?? 0.25;
const fractionMarks = [-5, -4, -3, -2, -1].flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`))).slice(0, -1);
/** Equal values lie in the middle of half a per cent. */
const room = (min, max) => (max > min ? (max - min) * 0.08 : 0.002);

/**
 * By itself a logarithmic axis reaches over whole powers of ten, and values of one size lie close together without a mark between them. It is left to that where there are many powers, and
 * where ECharts rounds other ends away.
 */
const logRange = { min: ({ min, max }) => logEnds(min, max)?.[0], max: ({ min, max }) => logEnds(min, max)?.[1] };
const logEnds = (min, max) => {
  if (!(min > 1e-18) || !(max > min) || max / min >= 1000) return undefined;
  const step = Number(`1e${Math.floor(Math.log10(max / min >= 10 ? min : max - min))}`);
  return [Math.floor(min / step + 1e-9) * step || min, Math.ceil(max / step - 1e-9) * step].map((end) => Number(end.toPrecision(12)));
};

/** The marks of one of a chart's axes as it is laid out now. Those at the ends of a stretch that is looked at are no round numbers, and are not shown. */
const ticksOf = (chart, name, index = 0) => {
  const { axis } = chart.getModel().getComponent(name, index);
  const ticks = axis.scale.getTicks().map(({ value }) => value);
  const { showMinLabel, showMaxLabel } = axis.model.get('axisLabel');
  return ticks.slice(showMinLabel === false ? 1 : 0, showMaxLabel === false ? -1 : undefined);
};

/** Words an axis's marks by what it takes to tell them apart, which only all of them together say. @param name of the axis's component, such as xAxis. */
export const labelledBy = (chart, name, kind, index) => (value) => {
  const ticks = ticksOf(chart, name, index);
  return tickLabels(ticks, kind)[ticks.indexOf(value)] ?? tickLabels([value], kind)[0];
};

/** Writes what is read off a chart: as usual, and with one digit more than the marks of its axis where those are closer. */
export const finely = (chart, { format, isFraction }, name = 'yAxis') => (value) => {
  const usual = format(value);
  const labels = tickLabels(ticksOf(chart, name), { isFraction });
  const needed = tickDecimals(labels) + 1;
  if (!Number.isFinite(value) || needed === 1 || tickDecimals([usual]) >= needed || labels.some((label) => /[ek]/.test(label))) return usual;
  return isFraction ? `${(value * 100).toFixed(needed)} %` : value.toLocaleString('en', { minimumFractionDigits: needed, maximumFractionDigits: needed });
};

/** Below this numbers lose their digits, and no axis can be laid out any more. */
const leastOnLog = 1e-200;

/** Whether a logarithmic axis has a place for a value. */
export const isOnLog = (value) => value >= leastOnLog;

/** Which values a logarithmic axis leaves out, in words; empty where it shows all. @param curves names, and values as they would be drawn. */
export const leftOutOfLog = (curves) => {
  const kinds = [
    ['zero', (value) => value === 0],
    ['negative', (value) => value < 0],
    ['less than 1e-200', (value) => value > 0 && value < leastOnLog],
  ];
  const found = curves.flatMap(({ name, values }) => {
    const words = kinds.filter(([, is]) => values.some(is)).map(([word]) => word);
    if (words.length === 0) return [];
    const least = values.reduce((low, value) => (value < low ? value : low), 0);
    return [`values ${curves.length > 1 ? `of ${name} ` : ''}that are ${words.join(' or ')}${least < 0 ? ` (down to ${significant(least)})` : ''}`];
  });
  if (found.length === 0) return '';
  const few = found.length <= 3 ? found.join(', ') : `${found.slice(0, 2).join(', ')} and more of ${found.length - 2} other curves`;
  return `A logarithmic axis cannot show ${few}.`;
};

/** The small print of a chart. */
export const labels = () => ({ color: colour('--quiet'), fontSize: 11, fontFamily: getComputedStyle(document.body).fontFamily });

/**
 * Axes, grid and tooltip of a line chart. chart is what they are for; xAxis is laid over the usual one; isFraction says that values are 0..1 and shown as per cent;
 * title makes the first line of the tooltip from an x value; most and lowIsBetter say how many curves it names, and which are left out. hitsAt finds what the curves have near an x value, for
 * curves whose points lie at different ones: ECharts alone would name those that are nearest and no others.
 */
export const frameOf = ({ chart, isLog = false, xAxis, isFraction, title, format = isFraction ? percent : significant, most = Infinity, lowIsBetter = false, hitsAt }) => {
  const line = colour('--line');
  const font = labels();
  return {
    animation: false,
    grid: { left: 52, right: 16, top: 12, bottom: 34 },
    textStyle: { fontFamily: font.fontFamily },
    xAxis: {
      type: 'value', min: 0, nameLocation: 'middle', nameGap: 22, nameTextStyle: font,
      axisLine: { lineStyle: { color: line } }, axisTick: { lineStyle: { color: line } }, splitLine: { show: false },
      ...xAxis,
      axisLabel: { ...font, hideOverlap: true, ...(xAxis?.type === 'time' ? {} : { formatter: labelledBy(chart, 'xAxis') }), ...xAxis?.axisLabel },
    },
    yAxis: {
      type: isLog ? 'log' : 'value', scale: true, splitNumber: 4,
      axisLabel: { ...font, formatter: labelledBy(chart, 'yAxis', { isFraction, isLog }) },
      axisLine: { show: false }, axisTick: { show: false }, splitLine: { lineStyle: { color: line } },
      ...(isLog ? logRange : isFraction ? fractionRange : {}),
    },
    tooltip: {
      trigger: 'axis', transitionDuration: 0, confine: true, backgroundColor: colour('--surface'), borderColor: colour('--line-strong'), padding: [6, 10],
      textStyle: { color: colour('--text'), fontSize: 12 }, axisPointer: { snap: false, lineStyle: { color: colour('--line-strong') } },
      formatter: (hits) => tooltip(hitsAt ? hitsAt(hits[0]?.axisValue) : hits, { x: hitsAt && hits[0]?.axisValue, title, format: finely(chart, { format, isFraction }), most, lowIsBetter }),
    },
  };
};

/** Made of elements, never of markup: names come from people. A row of a smoothed curve carries what was measured behind its y, and a bucket's least and greatest value behind that. */
const tooltip = (hits, { x, title, format, most, lowIsBetter }) => {
  const box = document.createElement('div');
  const named = hits.filter((hit) => hit.seriesName && hit.value);
  if (named.length === 0) return box; // it was drawn anew since
  box.textContent = title(x ?? named[0].value[0]);
  const sorted = named.filter((hit) => hit.value[1] !== null).sort((a, b) => (b.value[2] ?? b.value[1]) - (a.value[2] ?? a.value[1]));
  const left = sorted.length - most;
  (left <= 0 ? sorted : lowIsBetter ? sorted.slice(left) : sorted.slice(0, most)).forEach((hit) => {
    const [, drawn, measured = drawn, low, high] = hit.value;
    const row = document.createElement('div');
    row.textContent = `${hit.seriesName}  ${format(measured)}${low < high ? `  (${format(low)} to ${format(high)})` : ''}`;
    row.style.color = hit.color;
    row.style.fontVariantNumeric = 'tabular-nums';
    box.append(row);
  });
  if (left > 0) box.append(`and ${left} ${lowIsBetter ? 'above' : 'below'}`);
  return box;
};

/** One curve; a series without a name stays out of the tooltip. */
export const curve = (name, data, tint, { id, opacity = 1, z = 2, dash = 'solid' } = {}) => ({
  id, name, type: 'line', data, showSymbol: name !== '' && data.length <= 50, symbolSize: 4, symbol: 'circle', sampling: 'minmax', emphasis: { disabled: true },
  lineStyle: { width: 1.5, color: tint, opacity, type: dash }, itemStyle: { color: tint, opacity }, z,
});

/**
 * The area between the least and the greatest value of each bucket: rows of x, low, high, with a hole where one is null. ECharts stacks areas only over named places, so it is a shape of
 * its own, drawn whole with the first of two rows, which tell the axes how far it reaches.
 */
export const band = (id, rows, tint) => {
  const parts = stretches(rows).map(thin);
  const all = parts.flat();
  const [low, high] = [all.reduce((least, row) => Math.min(least, row[1]), Infinity), all.reduce((most, row) => Math.max(most, row[2]), -Infinity)];
  return {
    id, type: 'custom', data: all.length > 0 ? [[all[0][0], low, high], [all.at(-1)[0], low, high]] : [], encode: { x: 0, y: [1, 2] },
    z: 1, silent: true, clip: true, progressive: 0, animation: false, tooltip: { show: false },
    renderItem: (params, api) => (params.dataIndexInside > 0 ? undefined : {
      type: 'group',
      children: parts.map((part) => ({
        type: 'polygon', silent: true, style: { fill: tint, opacity: 0.18 },
        shape: { points: [...part.map(([x, least]) => api.coord([x, least])), ...part.toReversed().map(([x, , most]) => api.coord([x, most]))] },
      })),
    }),
  };
};

/** No more rows than can be told apart beside each other; none of their extremes is lost. */
const thin = (rows) => {
  const width = Math.ceil(rows.length / mostApart);
  if (width <= 1) return rows;
  return Array.from({ length: Math.ceil(rows.length / width) }, (_, i) => {
    const group = rows.slice(i * width, (i + 1) * width);
    const [x] = i === 0 ? group[0] : group.at(-1);
    return [x, Math.min(...group.map((row) => row[1])), Math.max(...group.map((row) => row[2]))];
  });
};

/** The rows between the holes. */
const stretches = (rows) => {
  const found = [[]];
  for (const row of rows) {
    if (row[1] === null || row[2] === null) found.push([]);
    else found.at(-1).push(row);
  }
  return found.filter((stretch) => stretch.length > 1);
};

/** Weight of the smoothing that a noisy curve gets, and from how many points on it gets one. */
export const smoothing = { weight: 0.85, from: 50 };

// Which panels there are: those of what every training tells, and one for each other metric that a run has.
import { percent, significant } from '../charts.js';

const whole = (value) => Math.round(value).toLocaleString('en');
const asTyped = (value) => String(+value.toPrecision(6));
const mebibytes = (value) => value / 1048576;
const fromTheFirstSteps = 'Drawn from the first steps on.';

/**
 * curves: metric and its word. smooth: noisy enough to be smoothed. log: where a logarithmic axis makes sense. always: shown before its first point. scale: what of a value is drawn. calm: nobody
 * waits for its next point, so that drawing it once a second leaves the time to the curves that are watched.
 */
const known = [
  { key: 'loss', title: 'Loss', curves: [['train_loss', 'train'], ['test_loss', 'test'], ['validation_loss', 'validation']], smooth: true, log: true, always: true },
  { key: 'accuracy', title: 'Accuracy', curves: [['train_accuracy', 'train'], ['test_accuracy', 'test'], ['validation_accuracy', 'validation']], isFraction: true, format: percent, always: true, waiting: 'Measured after each epoch.' },
  { key: 'learning_rate', title: 'Learning rate', curves: [['learning_rate', 'learning rate']], log: true, format: asTyped, always: true, calm: true },
  { key: 'speed', title: 'Images per second', curves: [['samples_per_second', 'images/s']], smooth: true, format: whole, always: true, calm: true },
  { key: 'cpu', title: 'CPU of the trainer, % of one core', curves: [['cpu_percent', 'CPU %']], smooth: true, format: whole, always: true, calm: true },
  { key: 'memory', title: 'Memory of the trainer, MiB', curves: [['memory_bytes', 'MiB']], scale: mebibytes, format: whole, always: true, calm: true },
  { key: 'gradient_norm', title: 'Norm of the gradient', curves: [['gradient_norm', 'norm']], smooth: true, log: true },
  { key: 'gpu', title: 'GPU utilisation, %', curves: [['gpu_percent', 'GPU %']], smooth: true, format: whole, calm: true },
  { key: 'gpu_memory', title: 'GPU memory in use, MiB', curves: [['gpu_memory_bytes', 'MiB']], scale: mebibytes, format: whole, calm: true },
];

const taken = new Set(known.flatMap(({ curves }) => curves.map(([metric]) => metric)));
/** Curves that only some runs have. */
const ofSomeRuns = ['validation_loss', 'validation_accuracy'];
const complete = (panel) => ({ format: significant, scale: (value) => value, waiting: fromTheFirstSteps, ...panel });

/** The panels of a run with these metrics, in their first order. trained: it will have those of every training. */
export const panelsOf = (metrics, trained) => [
  ...known.filter(({ always, curves }) => (always && trained) || curves.some(([metric]) => metrics.includes(metric))),
  ...metrics.filter((metric) => !taken.has(metric)).sort().map((metric) => ({ key: `metric:${metric}`, title: metric, curves: [[metric, metric]], smooth: true, log: true })),
].map((panel) => complete({ ...panel, curves: panel.curves.filter(([metric]) => (trained && !ofSomeRuns.includes(metric)) || metrics.includes(metric)) }));

/** How the curve of a single metric is drawn. */
export const styleOf = (metric) => complete(known.find(({ curves }) => curves.some(([one]) => one === metric)) ?? { smooth: true });

// Runs in a page before its own scripts and notes what its loss panel shows and since when: [greatest x, Unix milliseconds of the first frame after the draw].
(() => {
  const drawn = globalThis.drawnSteps = [];
  let library;
  const watch = (init) => (place, ...others) => {
    const chart = init(place, ...others);
    if (!place.closest('[data-panel="loss"]')) return chart;
    const { setOption } = chart;
    let given = -1;
    chart.setOption = (option, ...more) => {
      for (const { data } of option.series ?? []) given = Math.max(given, data?.at(-1)?.[0] ?? -1);
      return setOption.call(chart, option, ...more);
    };
    // ECharts says "finished" once nothing is left to be put on the canvas.
    chart.on('finished', () => {
      const x = given;
      if (x > (drawn.at(-1)?.[0] ?? -1)) requestAnimationFrame(() => drawn.push([x, Date.now()]));
    });
    return chart;
  };
  Object.defineProperty(globalThis, 'echarts', {
    set(value) { library = value; },
    get() {
      // The library fills its object after it has put it here.
      if (library?.init && !library.init.isWatched) library.init = Object.assign(watch(library.init), { isWatched: true });
      return library;
    },
  });
})();

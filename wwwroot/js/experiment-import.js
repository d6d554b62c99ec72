// Sends an exported experiment as one plain request, with a bar. It opens the experiment where all of it came, and says what is missing otherwise.
class ExperimentImport {
  constructor(form) {
    this.form = form;
    this.input = form.elements.file;
    this.ends = new AbortController();
    const on = (target, event, action) => target.addEventListener(event, action, { signal: this.ends.signal });
    on(form, 'submit', (event) => { event.preventDefault(); this.send(); });
    on(this.part('stop'), 'click', () => this.request?.abort());
    on(this.input, 'input', () => this.tell(''));
    on(window, 'beforeunload', (event) => { if (this.request) event.preventDefault(); });
  }

  send() {
    if (this.request) return;
    const [file] = this.input.files;
    this.tell(!file ? 'Choose a file.' : file.size > Number(this.form.dataset.maxBytes) ? `It is larger than ${this.form.dataset.maxWords}. Raise Hub:MaxImportMebibytes to import it.` : '');
    if (this.input.hasAttribute('aria-invalid')) { this.input.focus(); return; }

    const request = this.request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded }) => this.progress(loaded / file.size);
    request.upload.onload = () => { this.progress(1); this.part('words').textContent = 'Checking the file…'; };
    request.onload = () => this.answer(request);
    request.onerror = () => this.end('The connection to the hub broke. Nothing was kept; import it again.');
    request.onabort = () => this.end('');
    request.open('POST', '/api/v1/experiments/import');
    request.setRequestHeader('Content-Type', 'application/zip');
    request.responseType = 'json';
    this.busy(true);
    this.part('words').textContent = 'Sending…';
    request.send(file);
  }

  progress(part) {
    const percent = Math.round(100 * Math.min(1, part));
    const track = this.form.querySelector('.track');
    track.setAttribute('aria-valuenow', percent);
    track.firstElementChild.style.width = `${percent}%`;
  }

  answer({ status, response }) {
    if (status !== 201) {
      const [message] = Object.values(response?.errors ?? {}).flat();
      this.end(message ?? response?.detail ?? `The hub answered ${status} and gave no reason.`);
      this.input.focus();
      return;
    }
    this.end('');
    const { experiment, runs, leftOut } = response;
    const address = `/experiments/${experiment.id}`;
    if (leftOut.length === 0) { Blazor.navigateTo(address); return; }
    this.part('done-words').textContent = `${experiment.name} is here, with ${runs} ${runs === 1 ? 'run' : 'runs'}. The hub that exported it could not put everything into the file:`;
    this.part('left-out').replaceChildren(...leftOut.map((words) => Object.assign(document.createElement('li'), { textContent: words })));
    this.part('open').href = address;
    this.part('done').hidden = false;
  }

  end(refusal) {
    this.request = null;
    this.busy(false);
    this.tell(refusal);
  }

  busy(sending) {
    this.input.disabled = sending;
    this.part('state').hidden = !sending;
    if (sending) { this.part('done').hidden = true; this.progress(0); }
  }

  /** Shows what is wrong with the file, or that nothing is. */
  tell(problem) {
    const place = this.part('problem');
    place.textContent = problem;
    place.hidden = problem === '';
    if (problem === '') this.input.removeAttribute('aria-invalid'); else this.input.setAttribute('aria-invalid', 'true');
  }

  part(name) { return this.form.querySelector(`[data-${name}]`); }

  dispose() {
    this.ends.abort();
    this.request?.abort();
  }
}

export const attach = (form) => new ExperimentImport(form);

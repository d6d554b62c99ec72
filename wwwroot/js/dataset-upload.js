// Sends the four files of a data set as one plain request, with a bar for each. The page's own connection only judges the name beforehand.
const order = ['trainImages', 'trainLabels', 'testImages', 'testLabels'];
const usual = { trainImages: /^train.*images/i, trainLabels: /^train.*labels/i, testImages: /^(t10k|test).*images/i, testLabels: /^(t10k|test).*labels/i };

class DatasetUpload {
  constructor(form, page) {
    this.form = form;
    this.page = page;
    this.ends = new AbortController();
    const on = (target, event, action) => target.addEventListener(event, action, { signal: this.ends.signal });
    on(form, 'submit', (event) => { event.preventDefault(); this.send(); });
    on(form.querySelector('[data-all]'), 'change', (event) => this.distribute(event.target.files));
    on(form.querySelector('[data-stop]'), 'click', () => this.request?.abort());
    on(form, 'input', ({ target }) => this.tell(target.name));
    on(window, 'beforeunload', (event) => { if (this.request) event.preventDefault(); });
  }

  /** Gives each file of a choice of several to the field that its name fits. */
  distribute(files) {
    for (const field of order) {
      const file = [...files].find(({ name }) => usual[field].test(name));
      if (!file) continue;
      const choice = new DataTransfer();
      choice.items.add(file);
      this.form.elements[field].files = choice.files;
      this.tell(field);
    }
  }

  async send() {
    if (this.request || this.checking) return;
    this.refuse('');
    for (const field of ['name', 'classNames', ...order]) this.tell(field);
    this.checking = true;
    const nameProblem = await this.page.invokeMethodAsync('CheckName', this.form.elements.name.value).finally(() => { this.checking = false; });
    if (nameProblem) this.tell('name', nameProblem);
    const most = Number(this.form.dataset.maxBytes);
    for (const field of order) {
      const file = this.form.elements[field].files[0];
      if (!file) this.tell(field, 'Choose a file.');
      else if (file.size > most) this.tell(field, `It is larger than ${this.form.dataset.maxWords}, the most that one file may have. Compress it with gzip.`);
    }
    if (this.form.querySelector('[aria-invalid="true"]')) { this.focusFirstProblem(); return; }

    // The name first: it is judged before the files are read.
    const body = new FormData();
    body.append('name', this.form.elements.name.value);
    body.append('classNames', this.form.elements.classNames.value);
    for (const field of order) body.append(field, this.form.elements[field].files[0]);

    const request = this.request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded }) => this.progress(loaded);
    request.upload.onload = () => { this.progress(Infinity); this.say('Checking the files…'); };
    request.onload = () => this.answer(request);
    request.onerror = () => this.end('The connection to the hub broke. Nothing was kept; send it again.');
    request.onabort = () => this.end('');
    request.open('POST', '/api/v1/datasets');
    request.responseType = 'json';
    this.busy(true);
    this.say('Sending…');
    request.send(body);
  }

  /** The files go in their order, so what was sent says how far each of them is. */
  progress(sent) {
    for (const field of order) {
      const { size } = this.form.elements[field].files[0];
      const percent = size === 0 ? 100 : Math.round(100 * Math.min(1, Math.max(0, sent / size)));
      const track = this.fieldOf(field).querySelector('.track');
      track.setAttribute('aria-valuenow', percent);
      track.firstElementChild.style.width = `${percent}%`;
      sent -= size;
    }
  }

  answer(request) {
    if (request.status === 201) {
      this.end('');
      Blazor.navigateTo(`/datasets/${request.response.key}`);
      return;
    }
    const problem = request.response;
    const errors = Object.entries(problem?.errors ?? {});
    for (const [field, [message]] of errors) if (this.fieldOf(field)) this.tell(field, message);
    const rest = errors.filter(([field]) => !this.fieldOf(field)).map(([, [message]]) => message);
    this.end(errors.length > 0 ? rest.join(' ') : problem?.detail ?? `The hub answered ${request.status} and gave no reason.`);
    this.focusFirstProblem();
  }

  end(refusal) {
    this.request = null;
    this.busy(false);
    this.refuse(refusal);
  }

  busy(sending) {
    for (const element of this.form.elements) if (element.matches('input, textarea')) element.disabled = sending;
    for (const track of this.form.querySelectorAll('.track')) track.hidden = !sending;
    this.form.querySelector('[data-state]').hidden = !sending;
    if (sending) this.progress(0);
  }

  say(words) { this.form.querySelector('[data-words]').textContent = words; }

  refuse(words) {
    const place = this.form.querySelector('[data-refusal]');
    place.textContent = words;
    place.hidden = words === '';
  }

  /** Shows what is wrong with a field, or that nothing is. */
  tell(field, problem = '') {
    const place = this.fieldOf(field);
    if (!place) return;
    const words = place.querySelector('.problem');
    words.textContent = problem;
    words.hidden = problem === '';
    const input = this.form.elements[field];
    if (problem === '') input.removeAttribute('aria-invalid'); else input.setAttribute('aria-invalid', 'true');
  }

  fieldOf(field) { return field ? this.form.querySelector(`[data-field="${CSS.escape(field)}"]`) : null; }

  focusFirstProblem() { this.form.querySelector('[aria-invalid="true"]')?.focus(); }

  dispose() {
    this.ends.abort();
    this.request?.abort();
  }
}

export const attach = (form, page) => new DatasetUpload(form, page);

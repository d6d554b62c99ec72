/** Moves the focus to the first field that cannot be accepted. */
export function focusFirstInvalid(form) {
  form?.querySelector('[aria-invalid="true"]')?.focus();
}

// Moments as people read them, in French.

export function time(moment) {
  return moment.toLocaleTimeString("fr-FR");
}

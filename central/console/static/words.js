// Numbers and ages as people read them, in French.

const number = new Intl.NumberFormat("fr-FR");

export function amount(value) {
  return number.format(value ?? 0);
}

export function age(since, now) {
  const seconds = Math.max(0, (now - new Date(since)) / 1000);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} j`;
}

export function bytes(value) {
  if (value >= 1e12) return `${number.format(Math.round(value / 1e11) / 10)} To`;
  if (value >= 1e9) return `${number.format(Math.round(value / 1e9))} Go`;
  if (value >= 1e6) return `${number.format(Math.round(value / 1e6))} Mo`;
  return value > 0 ? `${number.format(Math.ceil(value / 1e3))} ko` : "0";
}

export function time(moment) {
  return moment.toLocaleTimeString("fr-FR");
}

// Money is whole cents. Nothing here knows about the database.

function lineTotal(line) {
  return line.price * line.quantity;
}

function subtotal(lines) {
  return lines.reduce((sum, line) => sum + lineTotal(line), 0);
}

/** Free from a certain sum, and for an empty cart. */
function shippingFor(sum, { flat, freeFrom }) {
  return sum === 0 || sum >= freeFrom ? 0 : flat;
}

/** The tax that a gross price contains, rounded half up. */
function includedTax(gross, rate) {
  return Math.round(gross - gross / (1 + rate / 100));
}

function formatPrice(cents) {
  return (cents / 100).toFixed(2) + ' €';
}

module.exports = { lineTotal, subtotal, shippingFor, includedTax, formatPrice };

const config = require('../config');
const { subtotal, shippingFor } = require('./pricing');

const MOST = 99;

function add(cart, product, quantity = 1) {
  const lines = cart.lines.map((line) => ({ ...line }));
  const line = lines.find((it) => it.sku === product.sku);
  if (line) {
    line.quantity = Math.min(line.quantity + quantity, MOST);
  } else {
    lines.push({ sku: product.sku, title: product.title, price: product.price, quantity: Math.min(quantity, MOST) });
  }
  return { lines };
}

function remove(cart, sku) {
  return { lines: cart.lines.filter((line) => line.sku !== sku) };
}

function totals(cart) {
  const sum = subtotal(cart.lines);
  const shipping = shippingFor(sum, config.shipping);
  return { lines: cart.lines, subtotal: sum, shipping, total: sum + shipping };
}

module.exports = { add, remove, totals };

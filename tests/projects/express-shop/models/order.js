const mongoose = require('mongoose');
const { STATUSES } = require('../lib/order-status');

const { Schema } = mongoose;

const lineSchema = new Schema(
  {
    sku: String,
    title: String,
    quantity: { type: Number, min: 1 },
    price: Number,
  },
  { _id: false }
);

const orderSchema = new Schema({
  number: { type: String, unique: true },
  user: { type: Schema.Types.ObjectId, ref: 'User', required: true, index: true },
  lines: [lineSchema],
  subtotal: Number,
  shipping: Number,
  total: Number,
  status: { type: String, enum: STATUSES, default: 'pending' },
  payment: {
    provider: String,
    reference: String,
    paidAt: Date,
  },
  placedAt: { type: Date, default: Date.now },
});

module.exports = mongoose.model('Order', orderSchema);

const mongoose = require('mongoose')

// prices are in cents, always
const productSchema = new mongoose.Schema({
  sku: { type: String, required: true, unique: true },
  slug: { type: String, index: true },
  title: String,
  description: String,
  price: { type: Number, required: true, min: 0 },
  taxRate: { type: Number, default: 19 },
  stock: { type: Number, default: 0 },
  tags: [String],
  hidden: Boolean
}, { timestamps: true })

module.exports = mongoose.model('Product', productSchema)

const mongoose = require('mongoose');
const bcrypt = require('bcryptjs');

const ROUNDS = 10;

const userSchema = new mongoose.Schema(
  {
    email: { type: String, required: true, unique: true, lowercase: true, trim: true },
    passwordHash: { type: String, required: true },
    name: String,
    role: { type: String, enum: ['customer', 'staff', 'admin'], default: 'customer' },
    address: {
      street: String,
      city: String,
      postcode: String,
      country: { type: String, default: 'DE' },
    },
    lastLoginAt: Date,
  },
  { timestamps: true }
);

userSchema.methods.setPassword = async function (password) {
  this.passwordHash = await bcrypt.hash(password, ROUNDS);
};

userSchema.methods.checkPassword = function (password) {
  return bcrypt.compare(password, this.passwordHash);
};

module.exports = mongoose.model('User', userSchema);

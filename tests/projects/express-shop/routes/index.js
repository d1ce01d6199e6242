const { Router } = require('express');
const { requireLogin } = require('../middleware/auth');

const api = Router();

api.use('/auth', require('./auth'));
api.use('/cart', require('./cart'));
api.use('/orders', requireLogin, require('./orders'));

module.exports = api;

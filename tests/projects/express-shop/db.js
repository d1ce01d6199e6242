const mongoose = require('mongoose');
const config = require('./config');

mongoose.set('strictQuery', true);

exports.connect = function () {
  return mongoose.connect(config.mongoUri, { serverSelectionTimeoutMS: 5000 });
};

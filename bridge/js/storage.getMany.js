(call) => function getMany(keys) {
  return call(keys).then((found) => found.map((item) => item[0]))
}

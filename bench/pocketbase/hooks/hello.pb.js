routerAdd('GET', '/hello/{name}', (e) => e.json(200, { message: `Hello, ${e.request.pathValue('name')}!` }));

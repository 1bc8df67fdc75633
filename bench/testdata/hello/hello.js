export default ({ request }) => ({ message: `Hello, ${request.params.name}!` });

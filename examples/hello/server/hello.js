export default async function hello({ request, user, log }) {
  const name = request.params.name;
  log.info('greeting', { name });
  return { message: `Hello, ${name}!`, from: user ? user.email : 'nobody' };
}

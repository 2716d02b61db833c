// The user controller of the example todo-jwt, with the refresh endpoints of the README of @loopback/authentication-jwt, and the todos of the example in memory.
import {authenticate, AuthenticationComponent, TokenService} from '@loopback/authentication';
import {Credentials, JWTAuthenticationComponent, MyUserService, RefreshTokenService, RefreshTokenServiceBindings, TokenServiceBindings, User, UserRepository, UserServiceBindings} from '@loopback/authentication-jwt';
import {inject} from '@loopback/core';
import {model, property, juggler, repository, RepositoryMixin} from '@loopback/repository';
import {get, getModelSchemaRef as schemaRef, post, requestBody, RestApplication} from '@loopback/rest';
import {SecurityBindings, securityId, UserProfile} from '@loopback/security';
import {genSalt, hash} from 'bcryptjs';

@model()
export class NewUserRequest extends User {
  @property({type: 'string', required: true})
  password: string;
}
const json = (schema: object) => ({required: true, content: {'application/json': {schema}}});
const credentials = {type: 'object', required: ['email', 'password'], properties: {email: {type: 'string', format: 'email'}, password: {type: 'string', minLength: 8}}};
const grant = {type: 'object', required: ['refreshToken'], properties: {refreshToken: {type: 'string'}}};
const todo = {type: 'object', required: ['title'], properties: {title: {type: 'string'}}};
const todos = [{title: 'a77be019c3'}];

export class UserController {
  constructor(
    @inject(TokenServiceBindings.TOKEN_SERVICE) public jwtService: TokenService,
    @inject(UserServiceBindings.USER_SERVICE) public userService: MyUserService,
    @inject(SecurityBindings.USER, {optional: true}) public user: UserProfile,
    @repository(UserRepository) protected userRepository: UserRepository,
    @inject(RefreshTokenServiceBindings.REFRESH_TOKEN_SERVICE) public refreshService: RefreshTokenService,
  ) {}

  @post('/signup')
  async signUp(@requestBody(json(schemaRef(NewUserRequest, {title: 'NewUser'}))) request: NewUserRequest): Promise<User> {
    const password = await hash(request.password, await genSalt());
    const {password: _, ...rest} = request.toJSON ? (request.toJSON() as NewUserRequest) : request;
    const saved = await this.userRepository.create(rest as User);
    await this.userRepository.userCredentials(saved.id).create({password});
    return saved;
  }
  @post('/users/login')
  async login(@requestBody(json(credentials)) body: Credentials): Promise<{token: string}> {
    const user = await this.userService.verifyCredentials(body);
    return {token: await this.jwtService.generateToken(this.userService.convertToUserProfile(user))};
  }
  @post('/users/refresh-login')
  async refreshLogin(@requestBody(json(credentials)) body: Credentials) {
    const profile = this.userService.convertToUserProfile(await this.userService.verifyCredentials(body));
    return this.refreshService.generateToken(profile, await this.jwtService.generateToken(profile));
  }
  @post('/refresh')
  async refresh(@requestBody(json(grant)) body: {refreshToken: string}) {
    return this.refreshService.refreshToken(body.refreshToken);
  }
  @authenticate('jwt')
  @get('/whoAmI')
  async whoAmI(): Promise<string> {
    return this.user[securityId];
  }
}

@authenticate('jwt')
export class TodoController {
  @get('/todos')
  async find() {
    return todos;
  }
  @post('/todos')
  async create(@requestBody(json(todo)) body: {title: string}) {
    return {saved: todos.push(body), id: '5be10c92aa'};
  }
}

async function main() {
  const app = new (RepositoryMixin(RestApplication))({rest: {port: Number(process.env.PORT), host: '127.0.0.1'}});
  app.component(AuthenticationComponent);
  app.component(JWTAuthenticationComponent);
  app.bind(TokenServiceBindings.TOKEN_SECRET).to('lab-signing-key-0123456789-0123456789');
  const db = new juggler.DataSource({name: 'db', connector: 'memory'});
  app.dataSource(db, UserServiceBindings.DATASOURCE_NAME);
  app.dataSource(db, RefreshTokenServiceBindings.DATASOURCE_NAME);
  app.controller(UserController);
  app.controller(TodoController);
  const users = await app.get<UserRepository>(UserServiceBindings.USER_REPOSITORY);
  for (const [email, password] of [['alice@example.com', 'lab-Password-1'], ['bob@example.com', 'lab-Password-2']]) {
    const saved = await users.create({email, username: email.split('@')[0]});
    await users.userCredentials(saved.id).create({password: await hash(password, await genSalt())});
  }
  await app.start();
}
main();

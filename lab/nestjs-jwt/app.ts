// The chapter "Authentication" of the documentation of NestJS in one file: a login that signs, and a guard that verifies.
import "reflect-metadata";
import { Body, CanActivate, Controller, ExecutionContext, Get, HttpCode, HttpStatus, Injectable, Module, Post, Request, SetMetadata, UnauthorizedException } from "@nestjs/common";
import { APP_GUARD, NestFactory, Reflector } from "@nestjs/core";
import { JwtModule, JwtService } from "@nestjs/jwt";

const secret = "lab-signing-key-0123456789-0123456789-0123456789";
const IS_PUBLIC_KEY = "isPublic";
const Public = () => SetMetadata(IS_PUBLIC_KEY, true);
const users = [{ userId: 1, username: "john", password: "lab-Password-1", order: "c41f7a90d2" }];
const notes = ["a77be019c3"];

@Injectable()
class AuthGuard implements CanActivate {
  constructor(private jwtService: JwtService, private reflector: Reflector) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean>(IS_PUBLIC_KEY, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest();
    const [type, token] = request.headers.authorization?.split(" ") ?? [];
    if (type !== "Bearer" || !token) throw new UnauthorizedException();
    try {
      request["user"] = await this.jwtService.verifyAsync(token, { secret });
    } catch {
      throw new UnauthorizedException();
    }
    return true;
  }
}

@Controller()
class AuthController {
  constructor(private jwtService: JwtService) {}

  @Public()
  @HttpCode(HttpStatus.OK)
  @Post("auth/login")
  async signIn(@Body() body: Record<string, string>) {
    const user = users.find((one) => one.username === body.username);
    if (user?.password !== body.password) throw new UnauthorizedException();
    return { access_token: await this.jwtService.signAsync({ sub: user.userId, username: user.username }) };
  }

  @Get("profile")
  profile(@Request() request: any) {
    return { ...request.user, order: users[0].order };
  }

  @Get("notes")
  read() {
    return { notes };
  }

  @Post("notes")
  write(@Body() body: Record<string, string>) {
    notes.push(body.note);
    return { saved: notes.length, id: "5be10c92aa" };
  }
}

@Module({
  imports: [JwtModule.register({ global: true, secret, signOptions: { expiresIn: `${process.env.LIFETIME}s` as any } })],
  providers: [{ provide: APP_GUARD, useClass: AuthGuard }],
  controllers: [AuthController],
})
class AppModule {}

NestFactory.create(AppModule, { logger: ["error", "warn"] }).then((app) => app.listen(Number(process.env.PORT), "127.0.0.1"));

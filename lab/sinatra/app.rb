# Basic as in the FAQ of Sinatra ("How do I use HTTP authentication?"), and sessions as in its README ("Using Sessions").
require "sinatra/base"
require "json"

ACCOUNTS = {
  "alice" => "lab-Password-1",
  "bob" => "lab-Password-2",
  "carl" => "lab:Pass:word-3",
  "dora" => "Pässwört-4-long",
  "eric" => "lab-Password-#{"5" * 80}x",
}

# everything of the API is behind Rack::Auth::Basic
class Api < Sinatra::Base
  use Rack::Auth::Basic, "Restricted Area" do |username, password|
    ACCOUNTS[username.dup.force_encoding("UTF-8")] == password.dup.force_encoding("UTF-8")
  end

  get("/orders") { json_of(orders: ["c41f7a90d2"], user: request.env["REMOTE_USER"]) }
  post("/orders") { json_of(saved: params[:note]) }

  helpers { def json_of(value) = (content_type(:json); JSON.generate(value)) }
end

class Site < Sinatra::Base
  enable :sessions
  set :session_secret, ENV.fetch("SESSION_SECRET")

  helpers do
    def protected!
      return if authorized?
      headers["WWW-Authenticate"] = 'Basic realm="Restricted Area"'
      halt 401, "Not authorized\n"
    end

    def authorized?
      @auth ||= Rack::Auth::Basic::Request.new(request.env)
      @auth.provided? and @auth.basic? and @auth.credentials and @auth.credentials == ["alice", ACCOUNTS["alice"]]
    end

    def user = session[:user] || halt(401, "log in first\n")
  end

  get("/") { "Everybody can see this page\n" }
  get("/protected") { protected!; "Welcome, authenticated client: order a77be019c3\n" }

  post "/login" do
    halt 401, "wrong user or password\n" unless ACCOUNTS[params[:username]] && ACCOUNTS[params[:username]] == params[:password]
    session[:user] = params[:username]
    redirect to("/account")
  end
  get("/account") { "Account of #{user}, balance 5be10c92aa, note #{session[:note]}\n" }
  post("/notes") { user; session[:note] = params[:note]; redirect to("/account") }
  post("/logout") { session.clear; redirect to("/") }
end

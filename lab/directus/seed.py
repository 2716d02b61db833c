import json,sys,urllib.request as u
B=sys.argv[1]
def r(m,p,b=None,t=None):
    q=u.Request(B+p,method=m,data=None if b is None else json.dumps(b).encode(),headers={'Content-Type':'application/json',**({'Authorization':'Bearer '+t} if t else {})})
    try: x=u.urlopen(q).read(); return json.loads(x) if x else None
    except u.HTTPError as e: print(p,e.code,e.read()[:300]); raise
t=r('POST','/auth/login',{'email':'alice@example.com','password':'lab-Password-1'})['data']['access_token']
for c in ('articles','news'):
    r('POST','/collections',{'collection':c,'schema':{},'meta':{},'fields':[{'field':'id','type':'integer','meta':{'hidden':True},'schema':{'is_primary_key':True,'has_auto_increment':True}},{'field':'title','type':'string','meta':{},'schema':{}}]},t)
    r('POST','/items/'+c,{'title':'first '+c},t)
pol=r('POST','/policies',{'name':'Reader','admin_access':False,'app_access':False},t)['data']['id']
r('POST','/permissions',{'policy':pol,'collection':'articles','action':'read','fields':['*'],'permissions':{},'validation':{}},t)
role=r('POST','/roles',{'name':'Reader'},t)['data']['id']
r('POST','/access',{'role':role,'policy':pol},t)
r('POST','/users',{'email':'bob@example.com','password':'lab-Password-2','role':role,'status':'active'},t)
pub=[p for p in r('GET','/policies?fields=id,name,icon',t=t)['data'] if 'public' in p['name'].lower()][0]['id']
r('POST','/permissions',{'policy':pub,'collection':'news','action':'read','fields':['*'],'permissions':{},'validation':{}},t)

import { openVector } from "#recall/vector/open-vector.suite.ts";
import { seededRandom } from "#kernel/random.ts";
import { rm } from "node:fs/promises";
const D=384,N=6000,Q=1000;
const r=seededRandom(1);
const C=Float32Array.from({length:200*D},()=>r.next()-0.5);
const vec=()=>{const c=r.int(200)*D;return Array.from({length:D},(_,i)=>C[c+i]!+r.next()-0.5)};
await rm("/tmp/zz",{recursive:true,force:true});
const o=await openVector("/tmp/zz",{settings:{log_items_max:1e6}});
await o.client.create({index:"bench",embedder:null,dimension:D,lexical:false});
for(let i=0;i<N;i+=1000)await o.client.upsert({index:"bench",items:Array.from({length:1000},(_,j)=>({id:String(i+j),vector:vec()}))});
const qs=Array.from({length:Q},vec);
async function run(callers:number){let next=0;await Promise.all(Array.from({length:callers},async()=>{while(next<Q*4){const q=qs[next++%Q]!;await o.client.search({index:"bench",vector:q,k:10})}}))}
await run(8);
const g=globalThis as never as {msgs?:number};
for(let k=0;k<4;k++)for(const c of [8,1]){g.msgs=0;const cpu=process.cpuUsage();const t=performance.now();await run(c);const ms=performance.now()-t;const u=process.cpuUsage(cpu);console.log(c,Math.round(Q*4/ms*1000),"qps; cpu us/q",Math.round((u.user+u.system)/Q/4),"user",Math.round(u.user/Q/4),"sys",Math.round(u.system/Q/4),"msgs",g.msgs/Q/4)}
await o.close();
